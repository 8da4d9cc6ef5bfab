/** E.8 before it happens: nginx may keep more connections than the pool has workers. */
import { defineFault } from '../fault.ts'
import { keepConnections } from '../kept-site.ts'

export const keptConnectionsUnused = defineFault({
  id: 'kept-connections-unused',
  says: 'nginx may keep as many connections as there are workers',
  causes: [],
  alsoFound: ['keepalive-pins-workers'],
  remediations: ['disable-fastcgi-keepalive'],
  inject: (host) => keepConnections(host, 16),
})
