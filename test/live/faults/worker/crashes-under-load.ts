/** Two causes: a page makes PHP crash, and there are too few workers for the others. */
import { ask, customers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const crashesUnderLoad = defineFault({
  id: 'crashes-under-load',
  says: 'a page makes PHP crash, and the other pages wait for workers',
  causes: ['worker-crashing', 'pool-exhausted'],
  besides: ['pool-undersized'],
  remediations: ['tune-pool'],
  steps: /`coredumpctl/,
  async inject(host) {
    await setFpm(host, host.pool, 'pm', 'static')
    await setFpm(host, host.pool, 'pm.max_children', '4')
    await restartFpm(host)
    const load = await customers(host, { path: '/sleep.php?s=1', perSecond: 5 }, 3000)
    await ask(host, '/seg.php?sig=11', 2)
    return load
  },
})
