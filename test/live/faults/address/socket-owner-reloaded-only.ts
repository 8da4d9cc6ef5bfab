/** I-10 after a reload: the socket is inherited as it was, so that nothing is broken before the next restart. */
import { setFpm, untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const socketOwnerReloadedOnly = defineFault({
  id: 'socket-owner-reloaded-only',
  says: 'the socket is to be root’s after the next restart',
  causes: [],
  besides: ['socket-denied'],
  remediations: [],
  async inject(host) {
    await setFpm(host, host.pool, 'listen.owner', 'root')
    await setFpm(host, host.pool, 'listen.group', 'root')
    await host.must(['systemctl', 'reload', host.unit])
    await untilServing(host)
  },
})
