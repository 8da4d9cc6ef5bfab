/** The official image under more slow requests than it has workers: only the kernel's queue tells, and `ss` is not there. */
import { fpmImage, logElsewhere } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const imageOutOfWorkers = defineFault({
  id: 'image-out-of-workers',
  says: 'the official image, with more slow requests than workers',
  causes: ['pool-exhausted'],
  couldNotTell: [logElsewhere],
  remediations: [],
  steps: /set pm\.max_children in \S+, then/,
  within: inside,
  async inject(host) {
    await fpmImage(host)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 8 }, 4000)
  },
})
