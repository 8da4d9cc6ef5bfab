/** A host at work, with workers to spare. */
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const busy = defineFault({
  id: 'busy',
  says: 'nothing is wrong, under load',
  causes: [],
  remediations: [],
  inject: (host) => customers(host, { path: '/sleep.php?s=0.1', perSecond: 10 }, 3000),
})
