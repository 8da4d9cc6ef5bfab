/** The pool has got a name of its own, and Debian's profile of PHP-FPM knows only sockets that are called php*-fpm.sock. */
import { answers, edit, reloadNginx, setFpm, site } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

const profile = '/etc/apparmor.d/php-fpm'

export const apparmorSocketRenamed = defineRecordedFault({
  id: 'apparmor-socket-renamed',
  says: 'AppArmor: the profile does not know the new socket',
  kernel: 'apparmor',
  causes: ['apparmor-denied'],
  besides: ['fpm-cannot-start', 'fpm-crashed'],
  tells: { 'apparmor-denied': /profile php-fpm does not let it make its socket \/run\/php\/shop\.sock/ },
  remediations: [],
  async inject(host) {
    // As `aa-enforce php-fpm` does it; the scripts are for the administrator to add.
    await edit(host, profile, 'flags=(complain,', 'flags=(')
    await host.writeFile('/etc/apparmor.d/local/php-fpm', '/var/www/** r,\n')
    await host.must(['apparmor_parser', '--replace', profile])
    await setFpm(host, host.pool, 'listen', '/run/php/shop.sock')
    await edit(host, site, /fastcgi_pass .*;/, 'fastcgi_pass unix:/run/php/shop.sock;')
    await reloadNginx(host)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
