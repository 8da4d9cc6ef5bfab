/** E.8: a burst lets nginx open as many kept connections as there are workers; requests on another way find none free. */
import { customers, edit, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { keepConnections } from '../kept-site.ts'

export const idleConnectionsHoldWorkers = defineFault({
  id: 'idle-connections-hold-workers',
  says: 'idle connections of nginx hold every worker',
  causes: ['keepalive-pins-workers'],
  alsoFound: ['pool-exhausted'],
  besides: ['upstream-timeout'],
  remediations: ['disable-fastcgi-keepalive'],
  async inject(host) {
    await setFpm(host, host.pool, 'pm', 'static')
    await restartFpm(host)
    const direct = `location = /index.php { include snippets/fastcgi-php.conf; fastcgi_pass unix:${host.socket} ; }`
    await edit(host, site, /location ~ /, `${direct}\n\tlocation ~ `)
    await keepConnections(host, 8)
    // Those that find no worker free give up, and leave nothing behind.
    await Promise.all(Array.from({ length: 15 }, () => host.curl('/sleep.php?s=0.3', { limitMs: 2000 })))
    return customers(host, { path: '/index.php', perSecond: 2 }, 3000)
  },
})
