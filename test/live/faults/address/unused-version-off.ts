/** A second PHP version that no site uses is off, and a pool that no site asks is there: nothing is wrong. */
import { untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const unusedVersionOff = defineFault({
  id: 'unused-version-off',
  says: 'a PHP version and a pool that no site uses',
  causes: [],
  remediations: [],
  async inject(host) {
    const other = '/etc/php/8.9/fpm'
    await host.must(['mkdir', '-p', `${other}/pool.d`])
    await host.writeFile(
      `${other}/php-fpm.conf`,
      `[global]\nerror_log = /var/log/php8.9-fpm.log\ninclude=${other}/pool.d/*.conf\n`,
    )
    const pool = await host.readFile(host.pool)
    await host.writeFile(`${other}/pool.d/www.conf`, pool.replaceAll(host.socket, '/run/php/php8.9-fpm.sock'))
    const unit = await host.must(['systemctl', 'cat', `${host.unit}.service`])
    const text = unit.replaceAll(`/etc/php/${host.php}/fpm`, other).replaceAll(/^Exec(StartPost|StopPost)=.*$/gm, '')
    await host.writeFile('/etc/systemd/system/php8.9-fpm.service', text)
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'start', 'php8.9-fpm'])
    await host.must(['systemctl', 'stop', 'php8.9-fpm'])
    const unasked = pool.replace('[www]', '[unasked]').replaceAll(host.socket, '/run/php/unasked.sock')
    await host.writeFile(host.pool.replace('www.conf', 'unasked.conf'), unasked)
    await host.must(['systemctl', 'restart', host.unit])
    await untilServing(host)
  },
})
