/** A group of two servers, one of which is not there: visitors get their pages from the other. */
import { answers, ask, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const oneServerOfTwoDown = defineFault({
  id: 'one-server-of-two-down',
  says: 'one of two servers of an upstream group is down',
  causes: [],
  besides: ['no-live-upstreams'],
  remediations: [],
  async inject(host) {
    const group = `upstream php {\n\tserver unix:${host.socket};\n\tserver 127.0.0.1:9001;\n}\n`
    await edit(host, site, `unix:${host.socket}`, 'php')
    await host.writeFile(site, group + (await host.readFile(site)))
    await reloadNginx(host)
    await ask(host, '/ok.php', 10)
    if (!(await answers(host, 200))) throw new Error('The other server did not answer.')
  },
})
