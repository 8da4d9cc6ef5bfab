/** I-31: 504 by saturation: requests run out of time in the queue, whatever the scripts do. */
import { customers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const queueTimesOut = defineFault({
  id: 'queue-times-out',
  says: 'four workers, and requests that wait for one longer than nginx does',
  causes: ['pool-exhausted'],
  besides: ['upstream-timeout', 'timeouts-inconsistent', 'pool-undersized'],
  remediations: ['tune-pool'],
  async inject(host) {
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '4')
    await restartFpm(host)
    await edit(host, site, /fastcgi_pass .*;/, `fastcgi_pass unix:${host.socket}; fastcgi_read_timeout 2s;`)
    await reloadNginx(host)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 5.5 }, 7000)
  },
})
