/** nginx and FPM in one image; FPM was told to reload a line that it refuses, and died of it. */
import { fullImage, imagePool } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const fullImageBadLine = defineFault({
  id: 'full-image-bad-line',
  says: 'nginx and PHP-FPM in one image, and PHP-FPM died of a reload',
  causes: ['fpm-config-invalid'],
  besides: ['fpm-stopped'],
  remediations: [],
  steps: /Mend it, see that `\S+ -t` passes, then start it/,
  within: inside,
  async inject(host) {
    const image = await fullImage(host)
    await image.writeFile(imagePool, `${await image.readFile(imagePool)}pm.max_childern = 10\n`)
    await image.must(['pkill', '--signal', 'USR2', '--full', 'php-fpm: master process'])
  },
  shows: (host) => answers(host, 502),
})
