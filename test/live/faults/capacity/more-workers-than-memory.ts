/** A pool that may grow to more than its memory limit holds; nothing has happened yet. */
import { setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { limitService } from '../service-limit.ts'

export const moreWorkersThanMemory = defineFault({
  id: 'more-workers-than-memory',
  says: 'more workers are allowed than memory holds',
  causes: [],
  alsoFound: ['pool-too-large'],
  remediations: ['tune-pool'],
  async inject(host) {
    await setFpm(host, host.pool, 'pm.max_children', '60')
    await host.must(['systemctl', 'restart', host.unit])
    await limitService(host, host.unit, 'memory', 256 * 1024 ** 2)
  },
})
