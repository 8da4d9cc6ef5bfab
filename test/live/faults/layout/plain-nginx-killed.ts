/** Without systemd; all of nginx was killed, and its pid file is left. */
import { plainHost } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const plainNginxKilled = defineFault({
  id: 'plain-nginx-killed',
  says: 'no systemd, and all of nginx was killed',
  causes: ['nginx-stopped'],
  tells: { 'nginx-stopped': /its pid file still names process \d+/ },
  remediations: [],
  steps: /`nginx -t` passes, then start it/,
  within: inside,
  async inject(host) {
    const plain = await plainHost(host)
    await plain.must(['pkill', '--signal', 'KILL', '--exact', 'nginx'])
  },
  shows: (host) => answers(host, 0),
})
