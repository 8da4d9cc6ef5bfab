/** Over TCP a full queue drops what comes: visitors get 504 while connecting, and no 502. */
import { customers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const tcpQueueFull = defineFault({
  id: 'tcp-queue-full',
  says: 'five workers behind a queue of four, over TCP',
  causes: ['pool-exhausted'],
  alsoFound: ['backlog-full'],
  besides: ['upstream-timeout'],
  remediations: ['tune-pool', 'raise-backlog'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '5')
    await setFpm(host, host.pool, 'listen.backlog', '4')
    await restartFpm(host)
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:9000')
    await reloadNginx(host)
    return customers(host, { path: '/sleep.php?s=1.2', perSecond: 5 }, 6000)
  },
})
