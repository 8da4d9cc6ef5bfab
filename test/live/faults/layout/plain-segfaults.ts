/** Without systemd; scripts that crash their workers, of which only FPM's own log tells. */
import { plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainSegfaults = defineFault({
  id: 'plain-segfaults',
  says: 'no systemd, and scripts that crash their workers',
  causes: ['worker-crashing'],
  remediations: [],
  steps: /`coredumpctl/,
  within: inside,
  async inject(host) {
    await plainHost(host)
    await ask(host, '/seg.php?sig=11', 4)
  },
})
