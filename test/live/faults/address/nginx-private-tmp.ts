/** I-54 the other way round: a socket in /tmp, and an nginx with a /tmp of its own, as RHEL ships it. */
import { answers, edit, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxPrivateTmp = defineFault({
  id: 'nginx-private-tmp',
  says: "the socket is in /tmp, and nginx's /tmp is private",
  causes: ['upstream-mismatch'],
  remediations: [],
  steps: /Move the socket to a folder that both see.*nginx -t/,
  async inject(host) {
    const dropIns = '/etc/systemd/system/nginx.service.d'
    await host.must(['mkdir', '-p', dropIns])
    await host.writeFile(`${dropIns}/private.conf`, '[Service]\nPrivateTmp=true\n')
    await host.must(['systemctl', 'daemon-reload'])
    await setFpm(host, host.pool, 'listen', '/tmp/php.sock')
    await edit(host, site, host.socket, '/tmp/php.sock')
    await restartFpm(host)
    await host.must(['systemctl', 'restart', 'nginx'])
  },
  shows: (host) => answers(host, 502),
})
