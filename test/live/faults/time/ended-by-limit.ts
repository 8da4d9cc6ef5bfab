/** I-32: request_terminate_timeout is shorter than what a page has to do. */
import { ask, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const endedByLimit = defineFault({
  id: 'ended-by-limit',
  says: 'FPM ends requests that take longer than 2 s',
  causes: ['terminated-by-timeout'],
  remediations: ['align-timeouts'],
  complaint: { path: '/sleep.php?s=3', worksMs: 3000 },
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'request_terminate_timeout', '2s')
    await restartFpm(host)
    await ask(host, '/sleep.php?s=10', 2)
  },
})
