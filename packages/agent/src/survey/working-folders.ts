/** The folders that each worker of a pool enters when it begins; without them it ends with exit code 70 at once. */
import type { ReadHost } from '../host/host.ts'
import type { FpmDirective, FpmPool } from '../readings/fpm-config.ts'
import type { WorkingFolder } from './host-facts.ts'

/** `chdir` is looked for within `chroot` (`fpm_unix.c:fpm_unix_init_child`). */
export async function workingFolders(host: ReadHost, pool: FpmPool): Promise<readonly WorkingFolder[]> {
  const chroot = settled(pool.directives.get('chroot'))
  const chdir = settled(pool.directives.get('chdir'))
  const found = [
    ...(chroot ? [folderOf(chroot, chroot.value)] : []),
    ...(chdir ? [folderOf(chdir, `${chroot?.value.replace(/\/+$/, '') ?? ''}${chdir.value}`)] : []),
  ]
  return Promise.all(
    found.map(async (folder) => {
      const real = await host.resolve(folder.path)
      return { ...folder, exists: real.ok ? true : real.why === 'missing' ? false : null }
    }),
  )
}

function folderOf(directive: FpmDirective, path: string): Omit<WorkingFolder, 'exists'> {
  return { directive: directive.name, path, at: `${directive.path}:${directive.line}` }
}

function settled(directive: FpmDirective | undefined): FpmDirective | null {
  return directive && directive.variables.length === 0 && directive.value.startsWith('/') ? directive : null
}
