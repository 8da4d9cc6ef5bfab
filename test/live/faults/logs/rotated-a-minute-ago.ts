/** logrotate has just been here: what tells of the fault stands in files that were renamed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const rotatedAMinuteAgo = defineFault({
  id: 'rotated-a-minute-ago',
  says: 'a page makes PHP crash; the logs were rotated since',
  causes: ['worker-crashing'],
  remediations: [],
  steps: /`coredumpctl/,
  async inject(host) {
    // What the log says of the second of a start may be from before it.
    await sleep(1500)
    await ask(host, '/seg.php?sig=11', 3)
    await host.must(['logrotate', '--force', '/etc/logrotate.d/nginx', `/etc/logrotate.d/${host.unit}`])
  },
  shows: async (host) => !(await host.readFile('/var/log/nginx/error.log')).includes('104:'),
})
