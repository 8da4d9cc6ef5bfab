/** The shop with connections to PHP kept open, as a guide for HTTP backends says. */
import { edit, reloadNginx, site, type Host } from './host-kit.ts'

export async function keepConnections(host: Host, perWorker: number): Promise<void> {
  const pass = `fastcgi_pass unix:${host.socket};`
  await edit(host, site, pass, 'fastcgi_pass php;\n\t\tfastcgi_keep_conn on;')
  const text = await host.readFile(site)
  const group = `upstream php {\n\tserver unix:${host.socket};\n\tkeepalive ${perWorker};\n}\n`
  await host.writeFile(site, group + text)
  await reloadNginx(host)
}
