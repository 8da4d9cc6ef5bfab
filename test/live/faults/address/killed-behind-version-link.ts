/** I-52: the site uses Debian's link to "the" PHP-FPM, and the link vanishes when that FPM is killed. */
import { answers, edit, killMaster, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const killedBehindVersionLink = defineFault({
  id: 'killed-behind-version-link',
  says: 'PHP-FPM was killed, and the link that nginx asks by went with it',
  causes: ['fpm-crashed'],
  remediations: ['start-service', 'restart-on-failure'],
  async inject(host) {
    await edit(host, site, host.socket, '/run/php/php-fpm.sock')
    await reloadNginx(host)
    await killMaster(host)
  },
  shows: (host) => answers(host, 502),
})
