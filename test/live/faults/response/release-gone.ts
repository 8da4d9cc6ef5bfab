/** SCRIPT_FILENAME names a release that is gone, and nothing in nginx (`try_files`) asks whether the file is there. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const releaseGone = defineFault({
  id: 'release-gone',
  says: 'FPM is sent to a folder that is not there',
  causes: ['script-not-found'],
  remediations: ['fix-script-filename'],
  async inject(host) {
    await edit(host, '/etc/nginx/snippets/fastcgi-php.conf', /^try_files .*$/m, '')
    const moved = 'fastcgi_param SCRIPT_FILENAME /srv/releases/41$fastcgi_script_name;'
    await edit(host, site, /fastcgi_pass .*;/, `fastcgi_pass unix:${host.socket}; ${moved}`)
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 404, '/'),
})
