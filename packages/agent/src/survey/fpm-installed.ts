/** Programs of PHP-FPM that are installed, and where packages put what belongs to them (reference H). */
import type { ReadHost } from '../host/host.ts'

/** Debian, sury, RHEL and Alpine; the official images; Arch, whose folder holds too much to be listed. */
const listedFolders = ['/usr/sbin', '/usr/local/sbin']
const archBinary = '/usr/bin/php-fpm'

export interface InstalledFpm {
  readonly binary: string
  readonly configPath: string
}

/** Those with a configuration in its place; two names of one program are one. */
export async function installedFpms(host: ReadHost): Promise<readonly InstalledFpm[]> {
  const listed = await Promise.all(
    listedFolders.map(async (folder) => {
      const names = await host.list(folder)
      return names.ok
        ? names.value.filter((name) => /^php-fpm\d*(\.\d+)?$/.test(name)).map((name) => `${folder}/${name}`)
        : []
    }),
  )
  const real = await Promise.all([...listed.flat(), archBinary].map((path) => host.resolve(path)))
  const binaries = [...new Set(real.flatMap((path) => (path.ok ? [path.value] : [])))]
  const found = await Promise.all(
    binaries.map(async (binary) => {
      const configPath = packagedConfig(binary)
      const there = await host.stat(configPath)
      return there.ok ? [{ binary, configPath }] : []
    }),
  )
  return found.flat()
}

/** `8.2`, where a name tells. */
export function versionOf(...names: readonly string[]): string | null {
  for (const name of names) {
    const version = /(\d\.\d)/.exec(name)?.[1]
    if (version !== undefined) return version
  }
  return null
}

export function packagedConfig(binary: string, phpVersion = versionOf(binary)): string {
  const collection = /^\/opt\/(remi\/php\d+)\//.exec(binary)?.[1]
  if (collection !== undefined) return `/etc/opt/${collection}/php-fpm.conf`
  if (binary.startsWith('/usr/local/')) return '/usr/local/etc/php-fpm.conf'
  if (phpVersion !== null) return `/etc/php/${phpVersion}/fpm/php-fpm.conf`
  const alpine = /\/php-fpm(\d\d)$/.exec(binary)?.[1]
  if (alpine !== undefined) return `/etc/php${alpine}/php-fpm.conf`
  return binary === archBinary ? '/etc/php/php-fpm.conf' : '/etc/php-fpm.conf'
}

/** As its package calls the service: `php8.2-fpm` on Debian, else as the program, `php-fpm` or Alpine's `php-fpm82`. */
export function packagedName(binary: string): string {
  const version = /\/php-fpm(\d\.\d)$/.exec(binary)?.[1]
  return version === undefined ? (/\/(php-fpm\d*)$/.exec(binary)?.[1] ?? 'php-fpm') : `php${version}-fpm`
}
