/**
 * I-58: a script left a process behind that holds the worker's descriptors, the listener among them (PHP before 8.4). FPM
 * died, systemd spared what is left of the service, and nobody empties the queue that requests still join.
 */
import { until } from '../../../lab/until.ts'
import { answers, ask, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const listenerLeaked = defineFault({
  id: 'listener-leaked',
  says: 'a process that a script left behind holds the listener of an FPM that died',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed', 'upstream-timeout', 'pool-exhausted'],
  tells: { 'fpm-cannot-start': /another process listens on .*: sleep \(\d+\)/ },
  remediations: [],
  steps: /[Ee]nd it if it should not hold/,
  releases: ['debian11', 'debian12'],
  async inject(host) {
    const folder = `/etc/systemd/system/${host.unit}.service.d`
    await host.must(['mkdir', '-p', folder])
    await host.writeFile(`${folder}/spare.conf`, '[Service]\nKillMode=process\n')
    await host.must(['systemctl', 'daemon-reload'])
    await edit(host, site, /fastcgi_pass (.*);/, `fastcgi_pass unix:${host.socket};\n\t\tfastcgi_read_timeout 1s;`)
    await reloadNginx(host)
    await ask(host, '/bg.php', 1)
    await host.must(['pkill', '--signal', 'KILL', '--exact', `php-fpm${host.php}`])
    await until(async () => (await host.run(['systemctl', 'is-failed', host.unit])).exitCode === 0, 'systemd to notice')
    await host.run(['systemctl', 'start', host.unit])
  },
  shows: (host) => answers(host, 504),
})
