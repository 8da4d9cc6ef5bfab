/** Two versions of PHP side by side, a site each; the master of the other one was killed. */
import { reloadNginx, site, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

/** Debian has one version; the other is the same binary under the name and in the layout of another. */
const other = '7.3'

export const secondVersionKilled = defineFault({
  id: 'second-version-killed',
  says: 'two versions of PHP, and the FPM of one was killed',
  causes: ['fpm-crashed'],
  remediations: ['start-service', 'restart-on-failure'],
  complaint: { path: '/ok.php', site: 'old.example' },
  async inject(host) {
    const renamed = (text: string) => text.replaceAll(host.php, other)
    await host.must(['cp', `/usr/sbin/php-fpm${host.php}`, `/usr/sbin/php-fpm${other}`])
    await host.must(['mkdir', '-p', `/etc/php/${other}/fpm/pool.d`])
    for (const path of [host.main, host.pool]) await host.writeFile(renamed(path), renamed(await host.readFile(path)))
    const unit = `/lib/systemd/system/${host.unit}.service`
    await host.writeFile(renamed(unit), renamed(await host.readFile(unit)))
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'enable', '--now', '--quiet', `php${other}-fpm`])
    const server = (await host.readFile(site)).replaceAll(' default_server', '').replace('shop.example', 'old.example')
    await host.writeFile('/etc/nginx/sites-enabled/old', renamed(server))
    await reloadNginx(host)
    await untilServing(host)
    await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', `php${other}-fpm`])
  },
  shows: async (host) => {
    const answer = await host.curl('/ok.php', { headers: { host: 'old.example' } })
    return answer.kind === 'answered' && answer.status === 502
  },
})
