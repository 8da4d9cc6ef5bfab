/** A PHP version was removed after a crash: its socket file is still there, and nginx still names it. */
import { answers, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const leftoverOfRemovedVersion = defineFault({
  id: 'leftover-of-removed-version',
  says: 'nginx names the left-over socket of a PHP version that is gone',
  causes: ['socket-stale'],
  remediations: ['align-upstream'],
  async inject(host) {
    // Whoever listened is gone and has left the file, as a master does that is killed.
    await host.must([`php${host.php}`, '-r', 'stream_socket_server("unix:///run/php/php5.6-fpm.sock");'])
    await host.must(['test', '-S', '/run/php/php5.6-fpm.sock'])
    await host.must(['chown', 'www-data:www-data', '/run/php/php5.6-fpm.sock'])
    await edit(host, site, host.socket, '/run/php/php5.6-fpm.sock')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
