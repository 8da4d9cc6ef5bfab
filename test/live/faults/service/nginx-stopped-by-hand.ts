/** nginx was stopped: nobody answers at all. */
import { answers, asAlice } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const nginxStoppedByHand = defineFault({
  id: 'nginx-stopped-by-hand',
  says: 'somebody stopped nginx',
  causes: ['nginx-stopped'],
  tells: { 'nginx-stopped': /at 20\d\d-\S+Z through systemctl by alice, with sudo/ },
  remediations: ['start-service'],
  onPurpose: /through systemctl by alice, with sudo/,
  releases: everyRelease,
  inject: (host) => asAlice(host, ['systemctl', 'stop', 'nginx']),
  shows: (host) => answers(host, 0),
})
