/** nginx was stopped: nobody answers at all. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const nginxStoppedByHand = defineFault({
  id: 'nginx-stopped-by-hand',
  says: 'somebody stopped nginx',
  causes: ['nginx-stopped'],
  remediations: [],
  releases: everyRelease,
  inject: async (host) => void (await host.must(['systemctl', 'stop', 'nginx'])),
  shows: (host) => answers(host, 0),
})
