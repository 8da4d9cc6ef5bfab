/** Kept connections, but fewer than workers, and none of them in the way. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { keepConnections } from '../kept-site.ts'

export const keptConnectionsFew = defineFault({
  id: 'kept-connections-few',
  says: 'nothing is wrong; nginx keeps a connection or two',
  causes: [],
  remediations: [],
  async inject(host) {
    await keepConnections(host, 1)
    await ask(host, '/ok.php', 10)
  },
})
