/** Without systemd a master is killed alone: its workers go on answering, and none comes after them. */
import { masterPid, plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineFault } from '../fault.ts'

export const plainMasterKilled = defineFault({
  id: 'plain-master-killed',
  says: 'no systemd, and the master of PHP-FPM was killed, but not its workers',
  causes: [],
  alsoFound: ['fpm-crashed'],
  tells: { 'fpm-crashed': /2 workers of it are left and still take requests/ },
  remediations: [],
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    await plain.must(['kill', '-KILL', await masterPid(host, plain)])
  },
})
