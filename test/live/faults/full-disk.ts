/** A small file system at a folder of a host, with nothing free. */
import type { Host } from './host-kit.ts'

export async function fullDisk(host: Host, folder: string): Promise<void> {
  await host.must(['mount', '-t', 'tmpfs', '-o', 'size=1m,mode=0755', 'small', folder])
  // It ends when nothing more goes in.
  await host.run(['dd', 'if=/dev/zero', `of=${folder}/fill`, 'bs=64k'])
  await host.run(['dd', 'if=/dev/zero', `of=${folder}/rest`, 'bs=4k'])
}
