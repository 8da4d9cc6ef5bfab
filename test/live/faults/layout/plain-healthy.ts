/** Debian's layout, started by hand, with pid files and without any systemd. */
import { plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineFault } from '../fault.ts'

export const plainHealthy = defineFault({
  id: 'plain-healthy',
  says: 'no systemd, services started by an init script, and nothing is broken',
  causes: [],
  remediations: [],
  within: inside,
  async inject(host) {
    await plainHost(host)
  },
})
