/** I-37: each request fits, and all at once do not: the pool may have more workers than its memory limit holds. */
import { restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { limitService } from '../service-limit.ts'

export const tooManyWorkersForMemory = defineFault({
  id: 'too-many-workers-for-memory',
  says: 'twelve workers at once need more memory than there is',
  causes: ['worker-oom-killed'],
  alsoFound: ['pool-too-large'],
  remediations: ['tune-pool'],
  async inject(host) {
    // Or a systemd that sees the kill (cgroup v2) stops all of it, which is another fault.
    await host.must(['mkdir', '-p', `/etc/systemd/system/${host.unit}.service.d`])
    await host.writeFile(`/etc/systemd/system/${host.unit}.service.d/oom.conf`, '[Service]\nOOMPolicy=continue\n')
    await host.must(['systemctl', 'daemon-reload'])
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '12')
    await restartFpm(host)
    await limitService(host, host.unit, 'memory', 200 * 1024 ** 2)
    for (let i = 0; i < 6; i++) await host.curl('/hog.php?mib=50')
    await Promise.all(Array.from({ length: 10 }, () => host.curl('/hog.php?mib=50&s=1')))
  },
})
