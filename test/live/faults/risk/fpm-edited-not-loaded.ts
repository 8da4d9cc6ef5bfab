/** Somebody raised pm.max_children, and loaded it not. */
import { setTimeout as sleep } from 'node:timers/promises'
import { setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const fpmEditedNotLoaded = defineFault({
  id: 'fpm-edited-not-loaded',
  says: 'a pool file was edited and not loaded',
  causes: [],
  alsoFound: ['config-not-loaded'],
  remediations: ['reload-fpm'],
  async inject(host) {
    await sleep(2000)
    await setFpm(host, host.pool, 'pm.max_children', '20')
  },
})
