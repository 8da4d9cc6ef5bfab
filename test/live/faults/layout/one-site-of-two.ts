/** Two sites with a pool each; of one the pool has moved, and the other must not be blamed. */
import { edit, reloadNginx, restartFpm, site, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const oneSiteOfTwo = defineFault({
  id: 'one-site-of-two',
  says: 'two sites, and the pool of one of them has moved',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  complaint: { path: '/ok.php', site: 'api.example' },
  async inject(host) {
    const api = host.pool.replace('www.conf', 'api.conf')
    const shop = await host.readFile(host.pool)
    await host.writeFile(api, shop.replace('[www]', '[api]').replace(/^listen = .*$/m, 'listen = /run/php/api.sock'))
    const server = await host.readFile(site)
    const second = server
      .replaceAll(' default_server', '')
      .replace('shop.example', 'api.example')
      .replace(/fastcgi_pass .*;/, 'fastcgi_pass unix:/run/php/api.sock;')
    await host.writeFile('/etc/nginx/sites-enabled/api', second)
    await restartFpm(host)
    await reloadNginx(host)
    await untilServing(host)
    await edit(host, api, '/run/php/api.sock', '/run/php/api-v2.sock')
    await restartFpm(host)
  },
  shows: async (host) => {
    const answer = await host.curl('/ok.php', { headers: { host: 'api.example' } })
    return answer.kind === 'answered' && answer.status === 502
  },
})
