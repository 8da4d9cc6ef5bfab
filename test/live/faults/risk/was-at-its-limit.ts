/** A peak that is over, and for which the pool was too small. */
import { setTimeout as sleep } from 'node:timers/promises'
import { customers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const wasAtItsLimit = defineFault({
  id: 'was-at-its-limit',
  says: 'the pool was too small for a peak that is over',
  causes: [],
  alsoFound: ['pool-undersized'],
  remediations: ['tune-pool'],
  async inject(host) {
    const peak = await customers(host, { path: '/sleep.php?s=1', perSecond: 8 }, 6000)
    await peak[Symbol.asyncDispose]()
    await sleep(1000)
  },
})
