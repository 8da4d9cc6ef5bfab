/** nginx and FPM in one image; all of FPM was killed, which has neither log nor pid file there, and nothing restarts it. */
import { fullImage } from '../enclosed.ts'
import { inside } from '../enclosure.ts'
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const fullImageFpmKilled = defineFault({
  id: 'full-image-fpm-killed',
  says: 'nginx and PHP-FPM in one image, and all of PHP-FPM was killed',
  causes: ['fpm-stopped'],
  tells: { 'fpm-stopped': /^php-fpm is not running; what ended it/ },
  remediations: [],
  steps: /--daemonize --fpm-config/,
  within: inside,
  async inject(host) {
    const image = await fullImage(host)
    await image.must(['pkill', '--signal', 'KILL', '--exact', 'php-fpm'])
  },
  shows: (host) => answers(host, 502),
})
