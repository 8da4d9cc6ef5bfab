/** I-18: a limit that leaves a worker no descriptor to work with. */
import { setTimeout as sleep } from 'node:timers/promises'
import { restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const tooFewDescriptors = defineFault({
  id: 'too-few-descriptors',
  says: 'rlimit_files is too low for a worker',
  causes: ['workers-cannot-run'],
  besides: ['pool-exhausted', 'upstream-timeout', 'timeouts-inconsistent'],
  remediations: ['raise-limits'],
  // PHP 7.4 runs with so few.
  releases: ['debian12', 'debian13'],
  async inject(host) {
    await setFpm(host, host.pool, 'rlimit_files', '5')
    await restartFpm(host)
    await sleep(1000)
  },
})
