/** Without systemd; all of FPM was killed, and its pid file and socket are left. */
import { plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainFpmKilled = defineFault({
  id: 'plain-fpm-killed',
  says: 'no systemd, and all of PHP-FPM was killed',
  causes: ['fpm-crashed'],
  tells: { 'fpm-crashed': /died without a word, some time after 20/ },
  remediations: [],
  steps: /--daemonize --fpm-config/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    await plain.must(['pkill', '--signal', 'KILL', '--exact', `php-fpm${host.php}`])
  },
  shows: (host) => answers(host, 502),
})
