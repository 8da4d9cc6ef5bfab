/** As Debian ships it: no status page, no slow log. */
import { defineFault } from '../fault.ts'

export const hardToSeeInto = defineFault({
  id: 'hard-to-see-into',
  says: 'there is neither a status page nor a slow log',
  causes: [],
  alsoFound: ['status-page-off', 'slowlog-off'],
  remediations: ['enable-status-page', 'enable-slowlog', 'add-upstream-log'],
  inject: () => Promise.resolve(),
})
