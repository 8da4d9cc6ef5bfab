/** Both sides were edited to the same new address, and only FPM was restarted. */
import { setTimeout as sleep } from 'node:timers/promises'
import { answers, edit, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const bothMovedNginxNotLoaded = defineFault({
  id: 'both-moved-nginx-not-loaded',
  says: 'nginx has not loaded the address that both files name',
  causes: ['upstream-mismatch'],
  besides: ['config-not-loaded'],
  remediations: ['reload-nginx'],
  async inject(host) {
    // Longer after the start of nginx than clocks are apart.
    await sleep(1000)
    await setFpm(host, host.pool, 'listen', '/run/php/www.sock')
    await edit(host, site, host.socket, '/run/php/www.sock')
    await restartFpm(host)
  },
  shows: (host) => answers(host, 502),
})
