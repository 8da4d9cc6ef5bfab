/** nginx and FPM in one image, nginx as PID 1. */
import { fullImage, logElsewhere } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineFault } from '../fault.ts'

export const fullImageHealthy = defineFault({
  id: 'full-image-healthy',
  says: 'nginx and PHP-FPM in one image, and nothing is broken',
  causes: [],
  couldNotTell: [logElsewhere],
  remediations: [],
  within: inside,
  async inject(host) {
    await fullImage(host)
  },
})
