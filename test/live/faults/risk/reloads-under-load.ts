/** I-60: reloads under load, each of which kills what is in flight. */
import { setTimeout as sleep } from 'node:timers/promises'
import { customers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const reloadsUnderLoad = defineFault({
  id: 'reloads-under-load',
  says: 'reloads kill requests in flight',
  causes: ['reload-drops-requests'],
  remediations: ['make-reload-graceful'],
  releases: everyRelease,
  async inject(host) {
    const load = await customers(host, { path: '/sleep.php?s=0.4', perSecond: 6 }, 1000)
    for (let i = 0; i < 2; i++) {
      await host.must(['systemctl', 'reload', host.unit])
      await sleep(2000)
    }
    return load
  },
})
