/** I-57: nginx may open a handful of files. */
import { customers, edit, reloadNginx, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxOutOfFiles = defineFault({
  id: 'nginx-out-of-files',
  says: 'nginx may open only a few files',
  causes: ['fd-limit'],
  remediations: ['raise-limits'],
  async inject(host) {
    // Enough of everything else: with nginx's limit raised nothing may take its place.
    await setFpm(host, host.pool, 'pm.max_children', '16')
    await restartFpm(host)
    await edit(host, '/etc/nginx/nginx.conf', /^worker_processes .*$/m, 'worker_processes 1;\nworker_rlimit_nofile 16;')
    await reloadNginx(host)
    return customers(host, { path: '/sleep.php?s=0.5', perSecond: 8 }, 3000)
  },
})
