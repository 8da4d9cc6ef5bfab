/** I-44 after a short outage of FPM: both addresses of localhost are given up for ten seconds. */
import { answers, ask, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const localhostGivenUp = defineFault({
  id: 'localhost-given-up',
  says: 'FPM is back, and nginx does not ask localhost yet',
  causes: ['localhost-two-peers'],
  remediations: ['align-upstream', 'reload-nginx'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await edit(host, site, `unix:${host.socket}`, 'localhost:9000')
    await restartFpm(host)
    await reloadNginx(host)
    await host.must(['systemctl', 'stop', host.unit])
    await ask(host, '/ok.php', 20)
    await host.must(['systemctl', 'start', host.unit])
  },
  shows: (host) => answers(host, 502),
})
