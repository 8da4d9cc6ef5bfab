/** Workers enough for the work there is, and a queue that has no room for a burst of it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const burstIntoShortQueue = defineFault({
  id: 'burst-into-short-queue',
  says: 'bursts that find no room in a short queue',
  causes: ['backlog-full'],
  besides: ['pool-undersized'],
  remediations: ['raise-backlog'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen.backlog', '2')
    await restartFpm(host)
    for (let i = 0; i < 3; i++) {
      await Promise.all(Array.from({ length: 25 }, () => host.curl('/sleep.php?s=0.1')))
      await sleep(1000)
    }
  },
})
