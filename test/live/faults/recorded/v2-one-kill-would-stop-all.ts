/** Nothing has happened yet: systemd would start FPM again, but would first take all of it down for one worker. */
import { defineRecordedFault } from '../fault.ts'

export const v2OneKillWouldStopAll = defineRecordedFault({
  id: 'v2-one-kill-would-stop-all',
  says: 'cgroup v2: one worker out of memory would take down all of FPM',
  kernel: 'apparmor',
  causes: [],
  alsoFound: ['oom-policy-stop'],
  remediations: [],
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/restart.conf`, '[Service]\nRestart=on-failure\n')
    await host.must(['systemctl', 'daemon-reload'])
  },
})
