/** I-44: nginx says localhost, FPM listens on 127.0.0.1: pages come, and errors about [::1] with them. */
import { ask, answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const localhostIsTwo = defineFault({
  id: 'localhost-is-two',
  says: 'nginx says localhost, and FPM listens on 127.0.0.1',
  causes: [],
  besides: ['localhost-two-peers'],
  remediations: [],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await edit(host, site, `unix:${host.socket}`, 'localhost:9000')
    await restartFpm(host)
    await reloadNginx(host)
    await ask(host, '/ok.php', 10)
    if (!(await answers(host, 200))) throw new Error('PHP does not answer.')
  },
})
