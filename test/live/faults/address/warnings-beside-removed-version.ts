/** I-49: the log is full of PHP warnings, and nginx names a socket that is gone. */
import { answers, ask, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const warningsBesideRemovedVersion = defineFault({
  id: 'warnings-beside-removed-version',
  says: 'PHP warnings, and nginx names the socket of a version that is gone',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  async inject(host) {
    await host.writeFile(
      '/var/www/html/warn.php',
      '<?php error_log("PHP Warning:  connect() to unix:/run/php/x.sock failed (13: Permission denied)"); echo $missing;\n',
    )
    await ask(host, '/warn.php', 40)
    await edit(host, site, host.socket, '/run/php/php5.6-fpm.sock')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
