/** A pool on TCP that takes requests from another machine only. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const tcpPoolRefusesNginx = defineFault({
  id: 'tcp-pool-refuses-nginx',
  says: "listen.allowed_clients lacks nginx's address",
  causes: ['clients-not-allowed'],
  remediations: ['allow-client'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await setFpm(host, host.pool, 'listen.allowed_clients', '10.20.30.40')
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:9000')
    await restartFpm(host)
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
