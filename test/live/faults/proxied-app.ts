/** A second site on a host, whose requests go to a server on port 8000 over HTTP. */
import { reloadNginx, type Host } from './host-kit.ts'

const config = `server {
	listen 80;
	server_name app.example;
	location / {
		proxy_pass http://127.0.0.1:8000;
		proxy_read_timeout 1s;
	}
}
`

export async function proxiedApp(host: Host): Promise<void> {
  await host.writeFile('/etc/nginx/sites-available/app', config)
  await host.must(['ln', '-s', '/etc/nginx/sites-available/app', '/etc/nginx/sites-enabled/app'])
  await reloadNginx(host)
}

/** Whether the front page of that site has this status now. */
export async function appAnswers(host: Host, status: number): Promise<boolean> {
  const asked = ['--silent', '--output', '/dev/null', '--write-out', '%{http_code}', '--header', 'Host: app.example']
  const { stdout } = await host.run(['curl', ...asked, 'http://127.0.0.1/'])
  return stdout === String(status)
}
