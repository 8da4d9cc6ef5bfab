/** An FPM that was started by hand, with other files, holds the socket; the unit cannot start, and requests go nowhere. */
import { answers, edit } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

const folder = '/srv/test-fpm'

export const heldBesideUnit = defineFault({
  id: 'held-beside-unit',
  says: 'PHP-FPM that was started by hand holds the socket of the unit and has no worker to spare',
  causes: ['fpm-cannot-start', 'pool-exhausted'],
  besides: ['fpm-crashed', 'upstream-timeout'],
  tells: { 'fpm-cannot-start': /another process listens on .*php-fpm8\.2 \(\d+\)/ },
  remediations: [],
  steps: /See who it is \(`ss -lxp`/,
  async inject(host) {
    await host.must(['systemctl', 'stop', host.unit])
    await host.must(['mkdir', '-p', folder])
    await host.must(['cp', host.pool, host.main, folder])
    await edit(host, `${folder}/php-fpm.conf`, /^include=.*$/m, `include=${folder}/www.conf`)
    await edit(host, `${folder}/php-fpm.conf`, /^pid = .*$/m, `pid = ${folder}/fpm.pid`)
    await edit(host, `${folder}/www.conf`, /^pm = .*$/m, 'pm = static')
    await edit(host, `${folder}/www.conf`, /^pm.max_children = .*$/m, 'pm.max_children = 1')
    await host.must([`/usr/sbin/php-fpm${host.php}`, '--daemonize', '--fpm-config', `${folder}/php-fpm.conf`])
    await host.run(['systemctl', 'start', host.unit])
    const going = host.load({ path: '/sleep.php?s=2', perSecond: 4, forMs: 120_000 })
    return { [Symbol.asyncDispose]: async () => void (await going.stop()) }
  },
  shows: async (host) =>
    (await host.curl('/ok.php', { limitMs: 3000 })).kind !== 'answered' || (await answers(host, 504)),
})
