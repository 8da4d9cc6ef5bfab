/** I-01: somebody stopped the service; whoever did it may have meant it. */
import { answers, asAlice } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmStoppedByHand = defineFault({
  id: 'fpm-stopped-by-hand',
  says: 'somebody stopped PHP-FPM',
  causes: ['fpm-stopped'],
  tells: { 'fpm-stopped': /was stopped at 20\d\d-\S+Z through systemctl by alice, with sudo\.$/ },
  remediations: ['start-service'],
  onPurpose: /through systemctl by alice, with sudo/,
  releases: everyRelease,
  inject: (host) => asAlice(host, ['systemctl', 'stop', host.unit]),
  shows: (host) => answers(host, 502),
})
