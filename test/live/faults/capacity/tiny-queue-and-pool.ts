/** I-30: four workers and a queue of one. */
import { customers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const tinyQueueAndPool = defineFault({
  id: 'tiny-queue-and-pool',
  says: 'four workers and a queue of one, under load',
  causes: ['pool-exhausted'],
  alsoFound: ['backlog-full'],
  remediations: ['tune-pool', 'raise-backlog'],
  async inject(host) {
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '4')
    await setFpm(host, host.pool, 'listen.backlog', '1')
    await restartFpm(host)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 5.5 }, 4000)
  },
})
