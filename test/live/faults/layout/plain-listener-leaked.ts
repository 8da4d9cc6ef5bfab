/** I-58 without systemd: FPM was killed, and a process that a script left behind holds its socket. */
import { plainHost, reloadNginxInside } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers, ask, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainListenerLeaked = defineFault({
  id: 'plain-listener-leaked',
  says: 'no systemd, PHP-FPM was killed, and what a script left behind holds its socket',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed', 'upstream-timeout'],
  tells: { 'fpm-cannot-start': /sleep \(\d+\)/ },
  remediations: [],
  steps: /[Ee]nd it if it should not hold/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    const server = await plain.readFile(site)
    await plain.writeFile(site, server.replace(/(fastcgi_pass .*;)/, '$1\n\t\tfastcgi_read_timeout 1s;'))
    await reloadNginxInside(plain)
    await ask(host, '/bg.php', 1)
    await plain.must(['pkill', '--signal', 'KILL', '--exact', `php-fpm${host.php}`])
  },
  shows: (host) => answers(host, 504),
})
