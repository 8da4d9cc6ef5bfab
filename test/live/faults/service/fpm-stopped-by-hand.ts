/** I-01: somebody stopped the service; whoever did it may have meant it. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmStoppedByHand = defineFault({
  id: 'fpm-stopped-by-hand',
  says: 'somebody stopped PHP-FPM',
  causes: ['fpm-stopped'],
  remediations: ['start-service'],
  releases: everyRelease,
  inject: async (host) => void (await host.must(['systemctl', 'stop', host.unit])),
  shows: (host) => answers(host, 502),
})
