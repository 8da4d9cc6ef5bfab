/** The same profile as Debian ships it: it writes down what it would deny, and denies nothing. */
import { answers, edit, reloadNginx, restartFpm, setFpm, site } from '../host-kit.ts'
import { defineRecordedFault } from '../fault.ts'

export const apparmorComplains = defineRecordedFault({
  id: 'apparmor-complains',
  says: 'AppArmor only complains about the new socket, and all is well',
  kernel: 'apparmor',
  causes: [],
  remediations: [],
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '/run/php/shop.sock')
    await edit(host, site, /fastcgi_pass .*;/, 'fastcgi_pass unix:/run/php/shop.sock;')
    await restartFpm(host)
    await reloadNginx(host)
  },
  shows: async (host) =>
    (await answers(host, 200)) && (await host.readFile('/var/log/audit/audit.log')).includes('/run/php/shop.sock'),
})
