/** I-28: an editor's backup is a second default server. Nothing happens, until somebody restarts nginx. */
import { site } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const nginxBackupInSitesEnabled = defineFault({
  id: 'nginx-backup-in-sites-enabled',
  says: 'a backup in sites-enabled that nginx would not load',
  causes: [],
  alsoFound: ['nginx-config-invalid'],
  remediations: ['restore-config'],
  inject: async (host) => void (await host.must(['cp', site, '/etc/nginx/sites-enabled/default.bak'])),
})
