/** The directory of the socket was made by hand below /run: after the next boot it is gone. `-t` passes. */
import { answers, edit, reloadNginx, setFpm, site } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const listenDirectoryMissing = defineFault({
  id: 'listen-directory-missing',
  says: 'the directory of the socket is not there',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed', 'fpm-start-limit-hit'],
  remediations: [],
  steps: /Make \/run\/app \(below \/run with a line in \/etc\/tmpfiles\.d/,
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/app/php.sock')
    await edit(host, site, host.socket, '/run/app/php.sock')
    await reloadNginx(host)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
