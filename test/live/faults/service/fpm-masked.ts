/** I-02: the service was masked, so that not even a person can start it. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmMasked = defineFault({
  id: 'fpm-masked',
  says: 'somebody masked PHP-FPM',
  causes: ['fpm-masked'],
  remediations: [],
  releases: everyRelease,
  inject: async (host) => void (await host.must(['systemctl', 'mask', '--now', host.unit])),
  shows: (host) => answers(host, 502),
})
