/** I-39: a deploy moved the file that opcache preloads; a reload ends with exit code 70. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const preloadMissing = defineFault({
  id: 'preload-missing',
  says: 'opcache.preload names a file that is gone',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed'],
  remediations: [],
  steps: /opcache\.preload/,
  async inject(host) {
    const ini = 'opcache.preload = /var/www/missing.php\nopcache.preload_user = www-data\n'
    await host.writeFile(`/etc/php/${host.php}/fpm/conf.d/99-preload.ini`, ini)
    await host.run(['systemctl', 'reload', host.unit])
  },
  shows: (host) => answers(host, 502),
})
