/** `fastcgi_params` in place of `fastcgi.conf`: Debian's has no SCRIPT_FILENAME, so that FPM knows no script. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const scriptNameNotSent = defineFault({
  id: 'script-name-not-sent',
  says: 'nginx does not tell FPM which script to run',
  causes: ['script-not-found'],
  remediations: ['fix-script-filename'],
  releases: everyRelease,
  async inject(host) {
    await edit(host, site, 'include snippets/fastcgi-php.conf;', 'include fastcgi_params;')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 404, '/'),
})
