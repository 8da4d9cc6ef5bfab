/** Somebody cleared /run/php as a whole. */
import { answers } from '../host-kit.ts'
import { defineFault } from '../fault.ts'

export const runFolderDeleted = defineFault({
  id: 'run-folder-deleted',
  says: 'the folder of the sockets was deleted',
  causes: ['socket-missing'],
  besides: ['config-latent-invalid'],
  remediations: [],
  steps: /`systemd-tmpfiles --create`.*systemctl restart/,
  inject: async (host) => void (await host.must(['rm', '-r', '/run/php'])),
  shows: (host) => answers(host, 502),
})
