/** Somebody deleted the socket as if it were stale, and tried a reload. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const socketUnlinked = defineFault({
  id: 'socket-unlinked',
  says: 'the socket was deleted by hand; a reload did not bring it back',
  causes: ['socket-missing'],
  remediations: ['recreate-socket', 'restart-fpm'],
  releases: everyRelease,
  async inject(host) {
    await host.must(['rm', host.socket])
    await host.must(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
