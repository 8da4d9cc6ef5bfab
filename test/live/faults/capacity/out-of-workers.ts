/** I-31: more slow requests than workers; they wait in the kernel's queue. */
import { customers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const outOfWorkers = defineFault({
  id: 'out-of-workers',
  says: 'more slow requests than workers',
  causes: ['pool-exhausted'],
  besides: ['pool-undersized'],
  remediations: ['tune-pool'],
  releases: everyRelease,
  inject: (host) => customers(host, { path: '/sleep.php?s=1', perSecond: 6 }, 4000),
})
