/** I-36 with cgroup v2: systemd sees that one worker was killed for memory, and takes the whole service down. */
import { defineRecordedFault } from '../fault.ts'

export const v2OneKillStopsAll = defineRecordedFault({
  id: 'v2-one-kill-stops-all',
  says: 'cgroup v2: one request out of memory stops all of FPM',
  kernel: 'apparmor',
  causes: ['fpm-oom-stopped'],
  besides: ['fpm-crashed', 'worker-oom-killed'],
  remediations: ['start-service', 'restart-on-failure'],
  async inject(host) {
    await host.must(['systemctl', 'set-property', '--runtime', host.unit, 'MemoryMax=90M'])
    await host.status('/hog.php?mib=200')
  },
  shows: async (host) => (await host.run(['systemctl', 'is-failed', host.unit])).stdout.trim() === 'failed',
})
