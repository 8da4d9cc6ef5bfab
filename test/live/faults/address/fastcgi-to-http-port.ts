/** fastcgi_pass leads to a web server. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const fastcgiToHttpPort = defineFault({
  id: 'fastcgi-to-http-port',
  says: 'fastcgi_pass leads to an HTTP port',
  causes: ['wrong-protocol'],
  remediations: ['align-upstream'],
  async inject(host) {
    await edit(host, site, `unix:${host.socket}`, '127.0.0.1:80')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
