/** nginx may have a handful of connections. */
import { customers, edit, reloadNginx, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxOutOfConnections = defineFault({
  id: 'nginx-out-of-connections',
  says: 'nginx has too few connections for its visitors',
  causes: ['nginx-connections-exhausted'],
  remediations: ['raise-limits'],
  hitsEveryPage: true,
  async inject(host) {
    // Enough of everything else: with nginx's limit raised nothing may take its place.
    await setFpm(host, host.pool, 'pm.max_children', '16')
    await restartFpm(host)
    const main = '/etc/nginx/nginx.conf'
    await edit(host, main, /^worker_processes .*$/m, 'worker_processes 1;')
    await edit(host, main, /worker_connections \d+;/, 'worker_connections 10;')
    await reloadNginx(host)
    return customers(host, { path: '/sleep.php?s=0.5', perSecond: 8 }, 3000)
  },
})
