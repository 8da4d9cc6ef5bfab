/** I-42: nginx has no room for bodies, so that uploads fail, and nothing else does. */
import { defineFault } from '../fault.ts'
import { fullDisk } from '../full-disk.ts'

export const bodyFolderFull = defineFault({
  id: 'body-folder-full',
  says: 'the disk for uploads is full',
  causes: ['disk-full'],
  remediations: [],
  steps: /`du -xh \/var\/lib\/nginx\/body/,
  inject: (host) => fullDisk(host, '/var/lib/nginx/body'),
})
