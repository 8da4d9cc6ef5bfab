/** I-33: fastcgi_read_timeout is shorter than what a page has to do. */
import { ask, edit, reloadNginx, site } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const nginxGivesUp = defineFault({
  id: 'nginx-gives-up',
  says: 'nginx waits 1 s for a page that takes 3',
  causes: ['upstream-timeout'],
  besides: ['timeouts-inconsistent'],
  remediations: ['align-timeouts'],
  complaint: { path: '/sleep.php?s=3', worksMs: 3000 },
  releases: everyRelease,
  async inject(host) {
    await edit(host, site, /fastcgi_pass .*;/, `fastcgi_pass unix:${host.socket}; fastcgi_read_timeout 1s;`)
    await reloadNginx(host)
    await ask(host, '/sleep.php?s=3', 2)
  },
})
