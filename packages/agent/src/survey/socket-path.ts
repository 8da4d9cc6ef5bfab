/** The real path of a unix socket, also while it is gone: FPM removes its socket when it stops, links to it stay. */
import type { ReadHost } from '../host/host.ts'

/** As connect(2) follows it: Debian's `/run/php/php-fpm.sock` is a link to a version's socket. */
export async function followedSocket(host: ReadHost, path: string, hops = 20): Promise<string> {
  const real = await host.resolve(path)
  if (real.ok) return real.value
  const here = await inRealFolder(host, path)
  const link = await host.readLink(here)
  if (!link.ok || hops === 0) return here
  return followedSocket(host, link.value.startsWith('/') ? link.value : `${folderOf(here)}/${link.value}`, hops - 1)
}

/** As bind(2) makes it: `/var/run` is a link on every host, and a link at the place itself FPM replaces. */
export async function inRealFolder(host: ReadHost, path: string): Promise<string> {
  const folder = await host.resolve(folderOf(path) || '/')
  if (!folder.ok) return path
  return `${folder.value === '/' ? '' : folder.value}${path.slice(path.lastIndexOf('/'))}`
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf('/'))
}
