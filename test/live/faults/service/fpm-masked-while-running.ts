/** Masked, but not stopped: it serves until it is. */
import { defineFault } from '../fault.ts'

export const fpmMaskedWhileRunning = defineFault({
  id: 'fpm-masked-while-running',
  says: 'PHP-FPM is masked, and still runs',
  causes: [],
  alsoFound: ['fpm-masked'],
  remediations: ['unmask-service'],
  inject: async (host) => void (await host.must(['systemctl', 'mask', host.unit])),
})
