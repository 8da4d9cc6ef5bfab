/** The log has a directory of its own, which nobody made on this host. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const logDirectoryMissing = defineFault({
  id: 'log-directory-missing',
  says: 'the directory of the log does not exist',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed'],
  remediations: [],
  steps: /`install -d -o root -g adm -m 0750 \/var\/log\/php`/,
  async inject(host) {
    await setFpm(host, host.pool, 'access.log', '/var/log/php/access.log')
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
