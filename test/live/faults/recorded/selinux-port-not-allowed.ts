/** I-55: PHP listens on a port that it may have, and the policy does not let nginx connect there. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

export const selinuxPortNotAllowed = defineRecordedFault({
  id: 'selinux-port-not-allowed',
  says: 'SELinux: nginx may not connect to the port',
  kernel: 'selinux',
  causes: ['selinux-denied'],
  tells: { 'selinux-denied': /httpd_t\) connect to 127\.0\.0\.1:8008, which is http_port_t/ },
  remediations: [],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:8008')
    await restartFpm(host)
    await edit(host, site, /fastcgi_pass .*;/, 'fastcgi_pass 127.0.0.1:8008;')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
