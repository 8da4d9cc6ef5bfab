/** I-07: a PHP upgrade took the old version away; nginx still names its socket. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const nginxNamesRemovedVersion = defineFault({
  id: 'nginx-names-removed-version',
  says: 'nginx names the socket of a PHP version that is gone',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  releases: everyRelease,
  async inject(host) {
    await edit(host, site, host.socket, '/run/php/php5.6-fpm.sock')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
