/** A host on which nothing was done. */
import { defineFault, everyRelease } from '../fault.ts'

export const asShipped = defineFault({
  id: 'as-shipped',
  says: 'nothing is wrong',
  causes: [],
  remediations: [],
  releases: everyRelease,
  inject: () => Promise.resolve(),
})
