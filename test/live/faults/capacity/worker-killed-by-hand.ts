/** A person kills a worker with SIGKILL. It looks like the kernel's doing, and is not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault } from '../fault.ts'

export const workerKilledByHand = defineFault({
  id: 'worker-killed-by-hand',
  says: 'somebody killed workers with SIGKILL',
  causes: [],
  remediations: [],
  async inject(host) {
    await host.must(['pkill', '-KILL', '-f', '^php-fpm: pool www'])
    await sleep(1500)
  },
})
