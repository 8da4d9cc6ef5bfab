/** A page whose headers are longer than fastcgi_buffer_size. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const bigHeaders = defineFault({
  id: 'big-headers',
  says: 'a page sends 8 kB of headers',
  causes: ['header-too-big'],
  remediations: ['raise-header-buffers'],
  complaint: { path: '/bighdr.php' },
  async inject(host) {
    // What the log says of the second of a start may be from before it.
    await sleep(1500)
    await ask(host, '/bighdr.php', 3)
  },
})
