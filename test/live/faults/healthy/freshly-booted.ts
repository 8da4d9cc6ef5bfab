/** A host that has just come up again. */
import { untilServing } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const freshlyBooted = defineFault({
  id: 'freshly-booted',
  says: 'nothing is wrong, just after a boot',
  causes: [],
  remediations: [],
  async inject(host) {
    await host.powerOff()
    await host.powerOn()
    await untilServing(host)
  },
})
