/** I-55: the socket's permissions are right, and its label is one that web servers may not use: it came from another place. */
import { answers } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

export const selinuxSocketLabel = defineRecordedFault({
  id: 'selinux-socket-label',
  says: 'SELinux: the socket has the label of a home directory',
  kernel: 'selinux',
  causes: ['selinux-denied'],
  tells: { 'selinux-denied': /httpd_t\) connect to \/run\/php\/php8\.2-fpm\.sock, which is user_home_t/ },
  remediations: [],
  async inject(host) {
    await host.must(['chcon', '--type', 'user_home_t', host.socket])
  },
  shows: (host) => answers(host, 502),
})
