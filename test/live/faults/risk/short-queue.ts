/** A queue with room for a few, and no burst yet. */
import { restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const shortQueue = defineFault({
  id: 'short-queue',
  says: 'the queue has room for five',
  causes: [],
  alsoFound: ['backlog-small'],
  remediations: ['raise-backlog'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen.backlog', '5')
    await restartFpm(host)
  },
})
