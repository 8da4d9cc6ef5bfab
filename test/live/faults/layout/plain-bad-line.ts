/** Without systemd; FPM was told to reload a line that it refuses, and died of it. */
import { masterPid, plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainBadLine = defineFault({
  id: 'plain-bad-line',
  says: 'no systemd, and PHP-FPM died of a reload',
  causes: ['fpm-config-invalid'],
  alsoFound: ['fpm-crashed'],
  remediations: [],
  steps: /Mend it, see that `\S+ -t` passes, then start it/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    await plain.writeFile(host.pool, `${await plain.readFile(host.pool)}pm.max_childern = 10\n`)
    await plain.must(['kill', '-USR2', await masterPid(host, plain)])
  },
  shows: (host) => answers(host, 502),
})
