/** I-35: a page that makes PHP crash, asked for again and again. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const segfaults = defineFault({
  id: 'segfaults',
  says: 'a page makes PHP crash',
  causes: ['worker-crashing'],
  remediations: [],
  steps: /`coredumpctl/,
  releases: everyRelease,
  async inject(host) {
    // What the log says of the second of a start may be from before it.
    await sleep(1500)
    await ask(host, '/seg.php?sig=11', 3)
    await ask(host, '/seg.php?sig=6', 1)
  },
})
