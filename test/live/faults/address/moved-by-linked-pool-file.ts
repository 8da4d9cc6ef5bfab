/** I-26: the pool file is a link into a folder of somebody's own, where its listen was edited. */
import { answers, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const movedByLinkedPoolFile = defineFault({
  id: 'moved-by-linked-pool-file',
  says: 'FPM was moved by an edit of what its pool file links to',
  causes: ['upstream-mismatch'],
  remediations: ['align-upstream'],
  async inject(host) {
    const real = '/srv/cfg/www.conf'
    await host.must(['mkdir', '-p', '/srv/cfg'])
    await host.must(['mv', host.pool, real])
    await host.must(['ln', '-s', real, host.pool])
    await setFpm(host, real, 'listen', '/run/php/www.sock')
    await host.must(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
