/** I-04: the master is killed; its socket file stays behind. */
import { answers, killMaster } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmKilled = defineFault({
  id: 'fpm-killed',
  says: 'the master of PHP-FPM was killed',
  causes: ['fpm-crashed'],
  remediations: ['start-service', 'restart-on-failure'],
  releases: everyRelease,
  inject: killMaster,
  shows: (host) => answers(host, 502),
})
