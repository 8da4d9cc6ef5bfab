/** I-55: the pool was moved to a port that no web server may listen on, so that FPM does not come up again. */
import { answers, edit, reloadNginx, setFpm, site } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

export const selinuxPortNotLabelled = defineRecordedFault({
  id: 'selinux-port-not-labelled',
  says: 'SELinux: FPM may not listen on its new port',
  kernel: 'selinux',
  causes: ['selinux-denied'],
  besides: ['fpm-cannot-start', 'fpm-crashed'],
  tells: { 'selinux-denied': /httpd_t\) listen on port 9000, which is cslistener_port_t/ },
  remediations: [],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await edit(host, site, /fastcgi_pass .*;/, 'fastcgi_pass 127.0.0.1:9000;')
    await reloadNginx(host)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
