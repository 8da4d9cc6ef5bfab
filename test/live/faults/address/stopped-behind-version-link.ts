/** I-52, its harmless part: the site uses Debian's link to "the" PHP-FPM, and that FPM is stopped. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const stoppedBehindVersionLink = defineFault({
  id: 'stopped-behind-version-link',
  says: 'PHP-FPM was stopped; nginx asks for it by way of /run/php/php-fpm.sock',
  causes: ['fpm-stopped'],
  remediations: ['start-service'],
  onPurpose: /was stopped at 20\S+ through systemctl/,
  async inject(host) {
    await edit(host, site, host.socket, '/run/php/php-fpm.sock')
    await reloadNginx(host)
    await host.must(['systemctl', 'stop', host.unit])
  },
  shows: (host) => answers(host, 502),
})
