/** I-12: the socket is as it should be, and the folder above it lets nobody in. */
import { answers } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const folderNotEnterable = defineFault({
  id: 'folder-not-enterable',
  says: 'the folder of the socket lets nobody in',
  causes: ['socket-denied'],
  remediations: ['fix-socket-access'],
  releases: everyRelease,
  async inject(host) {
    await host.must(['chown', 'root:root', '/run/php'])
    await host.must(['chmod', '700', '/run/php'])
  },
  shows: (host) => answers(host, 502),
})
