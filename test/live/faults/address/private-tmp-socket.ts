/** I-54: a socket in /tmp, and a unit with a /tmp of its own. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const privateTmpSocket = defineFault({
  id: 'private-tmp-socket',
  says: "the socket is in FPM's private /tmp",
  causes: ['upstream-mismatch'],
  remediations: [],
  steps: /Move the socket to a folder that both see.*nginx -t/,
  async inject(host) {
    const dropIns = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', dropIns])
    await host.writeFile(`${dropIns}/private.conf`, '[Service]\nPrivateTmp=true\n')
    await host.must(['systemctl', 'daemon-reload'])
    await setFpm(host, host.pool, 'listen', '/tmp/php.sock')
    await edit(host, site, host.socket, '/tmp/php.sock')
    await restartFpm(host)
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
