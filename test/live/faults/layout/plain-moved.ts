/** Without systemd; FPM was moved to another socket and told to read its files anew. */
import { masterPid, plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainMoved = defineFault({
  id: 'plain-moved',
  says: 'no systemd, and PHP-FPM was moved to another socket',
  causes: ['upstream-mismatch'],
  remediations: [],
  steps: /nginx -t/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    const pool = await plain.readFile(host.pool)
    await plain.writeFile(host.pool, pool.replace(/^listen = .*$/m, 'listen = /run/php/shop.sock'))
    await plain.must(['kill', '-USR2', await masterPid(host, plain)])
  },
  shows: (host) => answers(host, 502),
})
