/** A directive is misspelt, and nginx was restarted instead of reloaded: it stopped, and did not come back. */
import { answers, edit, site } from '../host-kit.ts'
import { defineFault, everyRelease } from '../fault.ts'

export const nginxBadConfigRestarted = defineFault({
  id: 'nginx-bad-config-restarted',
  says: 'a restart of nginx met a directive that it does not know',
  causes: ['nginx-config-invalid'],
  besides: ['nginx-stopped'],
  remediations: ['restore-config'],
  releases: everyRelease,
  async inject(host) {
    await edit(host, site, 'fastcgi_pass', 'fastcgi_read_timout 60s; fastcgi_pass')
    await host.run(['systemctl', 'restart', 'nginx'])
  },
  shows: (host) => answers(host, 0),
})
