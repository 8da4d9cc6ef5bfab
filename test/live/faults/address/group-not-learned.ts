/** nginx's user was put into the group of the socket, and nginx's workers started before that. */
import { answers, restartFpm, setFpm } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const groupNotLearned = defineFault({
  id: 'group-not-learned',
  says: "nginx's workers started before their user got the socket's group",
  causes: ['socket-denied'],
  remediations: ['reload-nginx'],
  async inject(host) {
    await host.must(['groupadd', 'phpsock'])
    await host.must(['usermod', '-aG', 'phpsock', 'www-data'])
    await setFpm(host, host.pool, 'listen.owner', 'root')
    await setFpm(host, host.pool, 'listen.group', 'phpsock')
    await restartFpm(host)
  },
  shows: (host) => answers(host, 502),
})
