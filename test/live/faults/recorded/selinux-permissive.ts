/** Denials are written into the audit log, and nothing is denied: SELinux only watches, and everybody is served. */
import { answers } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

export const selinuxPermissive = defineRecordedFault({
  id: 'selinux-permissive',
  says: 'SELinux only watches: denials in the log, and all is well',
  kernel: 'selinux',
  causes: [],
  remediations: [],
  async inject(host) {
    await host.must(['setenforce', '0'])
    await host.must(['chcon', '--type', 'user_home_t', host.socket])
    await host.status('/ok.php')
  },
  shows: async (host) =>
    (await answers(host, 200)) && (await host.readFile('/var/log/audit/audit.log')).includes('permissive=1'),
})
