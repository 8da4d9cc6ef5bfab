/** I-02: the service was masked, so that not even a person can start it. */
import { answers, asAlice } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmMasked = defineFault({
  id: 'fpm-masked',
  says: 'somebody masked PHP-FPM',
  causes: ['fpm-masked'],
  tells: { 'fpm-masked': /was masked at 20\d\d-\S+Z.* by alice, with sudo/ },
  remediations: ['unmask-service', 'start-service'],
  onPurpose: /masked at 20\S+ by alice, with sudo/,
  releases: everyRelease,
  inject: (host) => asAlice(host, ['systemctl', 'mask', '--now', host.unit]),
  shows: (host) => answers(host, 502),
})
