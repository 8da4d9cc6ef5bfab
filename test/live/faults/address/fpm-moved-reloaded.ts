/** I-08: the pool listens elsewhere now, and nginx was not told. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const fpmMovedReloaded = defineFault({
  id: 'fpm-moved-reloaded',
  says: 'FPM was moved to another socket',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    await host.must(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
