/** FPM was killed; beside it lies a backup that nginx would not load, and that names a version that is gone. */
import { setTimeout as sleep } from 'node:timers/promises'
import { answers, killMaster, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const killedBesideNginxBackup = defineFault({
  id: 'killed-beside-nginx-backup',
  says: 'PHP-FPM was killed, and a backup lies in sites-enabled',
  causes: ['fpm-crashed'],
  alsoFound: ['nginx-config-invalid'],
  remediations: ['start-service', 'restart-on-failure'],
  async inject(host) {
    await sleep(2000)
    const backup = (await host.readFile(site)).replaceAll(host.socket, '/run/php/php5.6-fpm.sock')
    await host.writeFile('/etc/nginx/sites-enabled/default.bak', backup)
    await killMaster(host)
  },
  shows: (host) => answers(host, 502),
})
