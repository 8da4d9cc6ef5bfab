/** Scanners ask for scripts that a site does not have: FPM says so each time, and nothing is wrong. */
import { ask, edit, reloadNginx } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const scanned = defineFault({
  id: 'scanned',
  says: 'a scanner asks for scripts that are not there',
  causes: [],
  remediations: [],
  async inject(host) {
    await edit(host, '/etc/nginx/snippets/fastcgi-php.conf', /^try_files .*$/m, '')
    await reloadNginx(host)
    await ask(host, '/ok.php', 30)
    for (const path of ['/wp-login.php', '/xmlrpc.php', '/admin.php']) await ask(host, path, 5)
  },
})
