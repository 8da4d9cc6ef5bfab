/** I-36 with cgroup v2 and OOMPolicy=continue: the worker is lost, its request with it, and FPM starts another. */
import { defineRecordedFault } from '../fault.ts'

export const v2OneKillGoesOn = defineRecordedFault({
  id: 'v2-one-kill-goes-on',
  says: 'cgroup v2: requests exceed the memory limit of the service',
  kernel: 'apparmor',
  causes: ['worker-oom-killed'],
  besides: ['pool-too-large'],
  remediations: [],
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/oom.conf`, '[Service]\nOOMPolicy=continue\n')
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'set-property', '--runtime', host.unit, 'MemoryMax=90M'])
    await host.status('/hog.php?mib=200')
    await host.status('/hog.php?mib=200')
  },
  shows: async (host) => (await host.readFile(`/var/log/${host.unit}.log`)).includes('exited on signal 9'),
})
