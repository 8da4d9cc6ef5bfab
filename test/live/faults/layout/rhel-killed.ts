/** The layout of RHEL: one unit `php-fpm`, `/etc/php-fpm.conf`, pools in `/etc/php-fpm.d`, a socket that is shared by an ACL. */
import { answers, edit, reloadNginx, site, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

const socket = '/run/php-fpm/www.sock'

export const rhelKilled = defineFault({
  id: 'rhel-killed',
  says: 'the layout of RHEL, and its FPM was killed',
  causes: ['fpm-crashed'],
  remediations: ['start-service', 'restart-on-failure'],
  async inject(host) {
    await host.must(['systemctl', 'disable', '--now', '--quiet', host.unit])
    await host.must(['mkdir', '-p', '/etc/php-fpm.d', '/var/log/php-fpm'])
    await host.writeFile(
      '/etc/php-fpm.conf',
      'include=/etc/php-fpm.d/*.conf\n[global]\npid = /run/php-fpm/php-fpm.pid\nerror_log = /var/log/php-fpm/error.log\ndaemonize = yes\n',
    )
    await host.writeFile(
      '/etc/php-fpm.d/www.conf',
      `[www]\nuser = www-data\ngroup = www-data\nlisten = ${socket}\nlisten.acl_users = www-data\npm = dynamic\npm.max_children = 50\npm.start_servers = 5\npm.min_spare_servers = 5\npm.max_spare_servers = 35\n`,
    )
    await host.writeFile('/etc/systemd/system/php-fpm.service', unit(host.php))
    await host.must(['systemctl', 'daemon-reload'])
    await host.must(['systemctl', 'enable', '--now', '--quiet', 'php-fpm'])
    await edit(host, site, /fastcgi_pass .*;/, `fastcgi_pass unix:${socket};`)
    await reloadNginx(host)
    await untilServing(host)
    await host.must(['systemctl', 'kill', '--signal=KILL', '--kill-who=main', 'php-fpm'])
  },
  shows: (host) => answers(host, 502),
})

/** As Fedora and RHEL ship it. */
const unit = (php: string) => `[Unit]
Description=The PHP FastCGI Process Manager
After=network.target

[Service]
Type=notify
ExecStart=/usr/sbin/php-fpm${php} --nodaemonize --fpm-config /etc/php-fpm.conf
ExecReload=/bin/kill -USR2 $MAINPID
PrivateTmp=true
RuntimeDirectory=php-fpm
RuntimeDirectoryMode=0755

[Install]
WantedBy=multi-user.target
`
