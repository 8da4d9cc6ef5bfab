/** I-42: the file system of the logs has no inode left, and a restart of FPM makes a new log: it cannot start. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const logCannotBeMade = defineFault({
  id: 'log-cannot-be-made',
  says: 'the disk of the logs has no inode left, and PHP-FPM was restarted',
  causes: ['disk-full'],
  besides: ['fpm-cannot-start', 'fpm-crashed'],
  tells: { 'disk-full': /\/var\/log\/php has no inode left, and php8\.2-fpm cannot start/ },
  remediations: [],
  steps: /\/var\/log\/php/,
  async inject(host) {
    await host.must(['mkdir', '/var/log/php'])
    await host.must(['mount', '-t', 'tmpfs', '-o', 'size=1m,nr_inodes=8', 'small', '/var/log/php'])
    await host.run(['touch', ...Array.from({ length: 8 }, (_, i) => `/var/log/php/${i}.log`)])
    const main = await host.readFile(host.main)
    await host.writeFile(host.main, main.replace(/^error_log = .*$/m, 'error_log = /var/log/php/fpm.log'))
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
