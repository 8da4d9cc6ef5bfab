/** I-07 before its reload: nothing is broken, and the next reload of nginx would break it. */
import { setTimeout as sleep } from 'node:timers/promises'
import { ask, edit, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxEditedNotLoaded = defineFault({
  id: 'nginx-edited-not-loaded',
  says: 'nginx was edited to a wrong address and not reloaded',
  causes: [],
  besides: ['upstream-mismatch', 'config-not-loaded'],
  remediations: [],
  async inject(host) {
    await sleep(2000)
    await edit(host, site, host.socket, '/run/php/php5.6-fpm.sock')
    await ask(host, '/ok.php', 5)
  },
})
