/** I-42: nginx has no room for its logs. It goes on, and nobody will know what happened. */
import { reloadNginx } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { fullDisk } from '../full-disk.ts'

export const logFolderFull = defineFault({
  id: 'log-folder-full',
  says: "the disk for nginx's logs is full",
  causes: [],
  alsoFound: ['disk-full'],
  remediations: [],
  async inject(host) {
    await fullDisk(host, '/var/log/nginx')
    await reloadNginx(host)
  },
})
