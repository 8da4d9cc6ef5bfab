/** A clean-up script "restored" the socket's path as a plain file. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainFileAtSocket = defineFault({
  id: 'plain-file-at-socket',
  says: "a plain file stands at the socket's path",
  causes: ['socket-stale'],
  remediations: ['recreate-socket', 'restart-fpm'],
  async inject(host) {
    await host.must(['rm', host.socket])
    await host.must(['install', '-o', 'www-data', '-g', 'www-data', '-m', '0660', '/dev/null', host.socket])
  },
  shows: (host) => answers(host, 502),
})
