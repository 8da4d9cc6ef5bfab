/** Without systemd; more slow requests than workers. */
import { plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainOutOfWorkers = defineFault({
  id: 'plain-out-of-workers',
  says: 'no systemd, and more slow requests than workers',
  causes: ['pool-exhausted'],
  remediations: [],
  steps: /set pm\.max_children in \S+, then/,
  within: inside,
  async inject(host) {
    await plainHost(host)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 8 }, 4000)
  },
})
