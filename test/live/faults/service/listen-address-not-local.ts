/** FPM is told to listen on an address that another host has now. `-t` passes. */
import { answers, edit, reloadNginx, setFpm, site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const listenAddressNotLocal = defineFault({
  id: 'listen-address-not-local',
  says: 'FPM listens on an address that this host does not have',
  causes: ['fpm-cannot-start'],
  besides: ['fpm-crashed'],
  remediations: [],
  steps: /`ip address`/,
  async inject(host) {
    await setFpm(host, host.pool, 'listen', '192.0.2.1:9000')
    await edit(host, site, `unix:${host.socket}`, '192.0.2.1:9000')
    await reloadNginx(host)
    await host.run(['systemctl', 'restart', host.unit])
  },
  shows: (host) => answers(host, 502),
})
