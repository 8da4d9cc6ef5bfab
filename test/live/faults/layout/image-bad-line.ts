/** A line that FPM refuses, mounted into the official image: it runs on, and would not survive a reload. */
import { fpmImage, imagePool, logElsewhere } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { defineFault } from '../fault.ts'

export const imageBadLine = defineFault({
  id: 'image-bad-line',
  says: 'the official image, with a line in its files that the next reload dies of',
  causes: [],
  alsoFound: ['config-latent-invalid'],
  couldNotTell: [logElsewhere],
  remediations: [],
  within: inside,
  async inject(host) {
    const image = await fpmImage(host)
    await image.writeFile(imagePool, `${await image.readFile(imagePool)}pm.max_childern = 10\n`)
  },
})
