/** The directory of the pid file was made by hand below /run: after a boot it is gone. `-t` passes. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const pidDirectoryMissing = defineFault({
  id: 'pid-directory-missing',
  says: 'the directory of the pid file is not there',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed', 'fpm-start-limit-hit'],
  tells: { 'fpm-cannot-start': /the directory of its pid file \/run\/app\/php\.pid does not exist/ },
  remediations: [],
  steps: /Make \/run\/app \(below \/run by `systemd-tmpfiles --create`\)/,
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.main, 'pid', '/run/app/php.pid')
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
