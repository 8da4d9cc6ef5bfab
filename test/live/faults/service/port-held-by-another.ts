/** Something else took the port while PHP-FPM was down for a moment: another server, of HTTP. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

const other = `server {
	listen 127.0.0.1:9000;
	server_name storage.example;
	root /var/www/html;
}
`

export const portHeldByAnother = defineFault({
  id: 'port-held-by-another',
  says: 'another server took the port of PHP-FPM',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed', 'wrong-protocol'],
  tells: { 'fpm-cannot-start': /another process listens on 127\.0\.0\.1:9000: nginx \(\d+\)/ },
  remediations: [],
  steps: /ss -ltnp/,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '127.0.0.1:9000')
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:9000')
    await restartFpm(host)
    await reloadNginx(host)
    if (!(await answers(host, 200))) throw new Error('PHP does not answer.')
    await host.must(['systemctl', 'stop', host.unit])
    await host.writeFile('/etc/nginx/sites-available/storage', other)
    await host.must(['ln', '-s', '/etc/nginx/sites-available/storage', '/etc/nginx/sites-enabled/storage'])
    await reloadNginx(host)
    await host.run(['systemctl', 'start', host.unit])
  },
  shows: (host) => answers(host, 502),
})
