/** Both sides were edited to the same new address, and only nginx was reloaded. */
import { answers, edit, reloadNginx, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const bothMovedFpmNotLoaded = defineFault({
  id: 'both-moved-fpm-not-loaded',
  says: 'FPM has not loaded the address that both files name',
  causes: ['upstream-mismatch'],
  besides: ['config-not-loaded'],
  remediations: ['reload-fpm'],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    await edit(host, site, host.socket, '/run/php/www.sock')
    await reloadNginx(host)
  },
  shows: (host) => answers(host, 502),
})
