/** The unit may have no more processes than it has, and the pool would grow. */
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { limitService } from '../service-limit.ts'

export const tooFewProcesses = defineFault({
  id: 'too-few-processes',
  says: 'a limit of processes keeps the pool small',
  causes: ['fork-limit'],
  besides: ['upstream-timeout'],
  remediations: [],
  steps: /`systemctl set-property \S+ TasksMax=/,
  async inject(host) {
    await limitService(host, host.unit, 'pids', 3)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 4 }, 5000)
  },
})
