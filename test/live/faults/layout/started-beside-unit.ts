/** The unit has failed, and somebody has started FPM by hand: sites answer, and systemd knows nothing of it. */
import { killMaster, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const startedBesideUnit = defineFault({
  id: 'started-beside-unit',
  says: 'the unit has failed, and PHP-FPM was started by hand in its place',
  causes: [],
  alsoFound: ['fpm-stopped'],
  tells: { 'fpm-stopped': /a PHP-FPM that was started beside it \(pid \d+\) answers in its place/ },
  remediations: [],
  async inject(host) {
    await killMaster(host)
    // As from a terminal: not within any unit of FPM's.
    await host.must([`/usr/sbin/php-fpm${host.php}`, '--daemonize', '--fpm-config', host.main])
    await untilServing(host)
  },
})
