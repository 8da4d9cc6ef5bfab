/** nginx and FPM in one image, and nginx asks another port. */
import { fullImage, logElsewhere, reloadNginxInside } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const fullImagePortsDiffer = defineFault({
  id: 'full-image-ports-differ',
  says: 'nginx and PHP-FPM in one image, with a port each',
  causes: ['upstream-mismatch'],
  tells: { 'upstream-mismatch': /127\.0\.0\.1:9001.*9000/ },
  couldNotTell: [logElsewhere],
  remediations: [],
  steps: /nginx -t/,
  within: inside,
  async inject(host) {
    const image = await fullImage(host)
    await image.writeFile(site, (await image.readFile(site)).replace('127.0.0.1:9000', '127.0.0.1:9001'))
    await reloadNginxInside(image)
  },
  shows: (host) => answers(host, 502),
})
