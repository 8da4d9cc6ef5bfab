/** I-52: the site uses Debian's link to "the" PHP-FPM, which somebody set to a version that is not there. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const versionLinkMoved = defineFault({
  id: 'version-link-moved',
  says: 'the link /run/php/php-fpm.sock leads to a version that is not there',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  async inject(host) {
    await edit(host, site, host.socket, '/run/php/php-fpm.sock')
    await reloadNginx(host)
    if (!(await answers(host, 200))) throw new Error('The link did not lead to PHP.')
    await host.must(['ln', '-sfn', '/run/php/php5.6-fpm.sock', '/etc/alternatives/php-fpm.sock'])
  },
  shows: (host) => answers(host, 502),
})
