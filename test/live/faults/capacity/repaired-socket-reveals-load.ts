/** The socket was closed to nginx and is open again; now that requests get through, there are too many. */
import { ask, customers, edit, restartFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const repairedSocketRevealsLoad = defineFault({
  id: 'repaired-socket-reveals-load',
  says: 'too few workers, after a repair of the socket',
  causes: ['pool-exhausted'],
  remediations: ['tune-pool'],
  async inject(host) {
    await edit(host, host.pool, 'listen.owner = www-data', 'listen.owner = root')
    await edit(host, host.pool, 'listen.group = www-data', 'listen.group = root')
    await restartFpm(host)
    await ask(host, '/ok.php', 20)
    await edit(host, host.pool, 'listen.owner = root', 'listen.owner = www-data')
    await edit(host, host.pool, 'listen.group = root', 'listen.group = www-data')
    await restartFpm(host)
    return customers(host, { path: '/sleep.php?s=1', perSecond: 6 }, 4000)
  },
})
