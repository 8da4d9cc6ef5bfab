/** I-42: nginx has no room for big answers. They come with status 200, and end in the middle. */
import { ask } from '../host-kit.ts'
import { defineFault } from '../fault.ts'
import { fullDisk } from '../full-disk.ts'

export const answerFolderFull = defineFault({
  id: 'answer-folder-full',
  says: 'the disk for big answers is full',
  causes: ['disk-full'],
  remediations: [],
  steps: /`du -xh \/var\/lib\/nginx\/fastcgi/,
  async inject(host) {
    await host.writeFile(
      '/var/www/html/export.php',
      "<?php\nfor ($i = 0; $i < 64; $i++) echo str_repeat('x', 1 << 20);\n",
    )
    await fullDisk(host, '/var/lib/nginx/fastcgi')
    await ask(host, '/export.php', 2)
  },
})
