/** The master of nginx and its workers are killed. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxKilled = defineFault({
  id: 'nginx-killed',
  says: 'nginx was killed',
  causes: ['nginx-stopped'],
  remediations: ['start-service'],
  inject: async (host) => void (await host.must(['systemctl', 'kill', '--signal=KILL', 'nginx'])),
  shows: (host) => answers(host, 0),
})
