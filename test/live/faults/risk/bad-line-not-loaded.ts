/** A bad line waits in a pool file for somebody to reload. */
import { setTimeout as sleep } from 'node:timers/promises'
import { defineFault, everyRelease } from '../fault.ts'

export const badLineNotLoaded = defineFault({
  id: 'bad-line-not-loaded',
  says: 'a pool file holds a line that FPM does not know, and has not been loaded',
  causes: [],
  alsoFound: ['config-latent-invalid'],
  besides: ['config-not-loaded'],
  remediations: ['restore-config'],
  releases: everyRelease,
  async inject(host) {
    await sleep(2000)
    const pool = await host.readFile(host.pool)
    await host.writeFile(host.pool, `${pool}pm.max_childern = 10\n`)
  },
})
