/** I-36: a memory limit above the service that one request exceeds; the kernel kills the worker, and FPM goes on. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { limitService } from '../service-limit.ts'

export const workerKilledForMemory = defineFault({
  id: 'worker-killed-for-memory',
  says: 'requests exceed the memory limit of the service',
  causes: ['worker-oom-killed'],
  besides: ['pool-too-large'],
  remediations: [],
  steps: /MemoryMax=/,
  async inject(host) {
    // Or a systemd that sees the kill (cgroup v2) stops all of it, which is another fault.
    await host.must(['mkdir', '-p', `/etc/systemd/system/${host.unit}.service.d`])
    await host.writeFile(`/etc/systemd/system/${host.unit}.service.d/oom.conf`, '[Service]\nOOMPolicy=continue\n')
    await host.must(['systemctl', 'daemon-reload'])
    await limitService(host, host.unit, 'memory', 90 * 1024 ** 2)
    await ask(host, '/hog.php?mib=200', 2)
  },
})
