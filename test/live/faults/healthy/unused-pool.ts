/** A second pool that no site uses: it sleeps, and may. */
import { restartFpm, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const unusedPool = defineFault({
  id: 'unused-pool',
  says: 'a pool that nobody uses',
  causes: [],
  remediations: [],
  async inject(host) {
    const path = host.pool.replace('www.conf', 'spare.conf')
    const listen = host.socket.replace('.sock', '-spare.sock')
    const pool = ['[spare]', 'user = www-data', 'group = www-data', `listen = ${listen}`, 'listen.owner = www-data']
    await host.must(['touch', path])
    await host.writeFile(path, [...pool, 'pm = ondemand', 'pm.max_children = 2', ''].join('\n'))
    await restartFpm(host)
    await untilServing(host)
  },
})
