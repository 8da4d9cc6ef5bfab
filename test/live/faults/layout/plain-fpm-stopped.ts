/** Without systemd; FPM was told to end, as an init script does it. */
import { masterPid, plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainFpmStopped = defineFault({
  id: 'plain-fpm-stopped',
  says: 'no systemd, and PHP-FPM was told to end',
  causes: ['fpm-stopped'],
  tells: { 'fpm-stopped': /^php8\.2-fpm was told to end at 20/ },
  remediations: [],
  steps: /--daemonize --fpm-config/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    await plain.must(['kill', '-QUIT', await masterPid(host, plain)])
  },
  shows: (host) => answers(host, 502),
})
