/** I-10 after a restart: the socket is root's, and nginx may not connect to it. */
import { answers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const socketOwnedByRoot = defineFault({
  id: 'socket-owned-by-root',
  says: 'the socket belongs to root',
  causes: ['socket-denied'],
  remediations: ['fix-socket-access'],
  releases: everyRelease,
  async inject(host) {
    await setFpm(host, host.pool, 'listen.owner', 'root')
    await setFpm(host, host.pool, 'listen.group', 'root')
    await restartFpm(host)
  },
  shows: (host) => answers(host, 502),
})
