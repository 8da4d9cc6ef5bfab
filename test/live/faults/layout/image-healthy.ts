/** The official image: FPM is PID 1, logs to its standard error, and nginx is elsewhere. */
import { fpmImage, logElsewhere } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineFault } from '../fault.ts'

export const imageHealthy = defineFault({
  id: 'image-healthy',
  says: 'the official image, and nothing is broken',
  causes: [],
  couldNotTell: [logElsewhere],
  remediations: [],
  within: inside,
  async inject(host) {
    await fpmImage(host)
  },
})
