/** FPM may work for two minutes on what nginx gives up on after one. */
import { restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const limitsContradict = defineFault({
  id: 'limits-contradict',
  says: 'FPM may work longer than nginx waits',
  causes: [],
  alsoFound: ['timeouts-inconsistent'],
  remediations: ['align-timeouts'],
  async inject(host) {
    await setFpm(host, host.pool, 'request_terminate_timeout', '120s')
    await restartFpm(host)
  },
})
