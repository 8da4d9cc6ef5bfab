/** The unit is disabled and runs: nothing is broken before the next boot. */
import { defineFault } from '../fault.ts'

export const fpmDisabledWhileRunning = defineFault({
  id: 'fpm-disabled-while-running',
  says: 'PHP-FPM is disabled, and still runs',
  causes: [],
  alsoFound: ['fpm-disabled'],
  remediations: ['enable-service'],
  inject: async (host) => void (await host.must(['systemctl', 'disable', host.unit])),
})
