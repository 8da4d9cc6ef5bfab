/** Hosts as people write them: `web-1`, `deploy@web-1`, `deploy@web-1:2222`, `[::1]:2222`, `ssh://deploy@web-1:2222`. */
import type { SshDestination } from '../ssh-target.ts'

export type DestinationRead =
  | { readonly ok: true; readonly value: SshDestination }
  | { readonly ok: false; readonly says: string }

export function readSshDestination(text: string): DestinationRead {
  const isUri = text.startsWith('ssh://')
  const parts = isUri ? uriParts(text.slice('ssh://'.length)) : plainParts(text)
  if (parts === null)
    return { ok: false, says: 'it is none of host, user@host:port, [address]:port, ssh://user@host:port' }
  const { user, host } = parts
  if (!isHostName(host))
    return { ok: false, says: 'the name of a host does not begin with - and has no blanks or quotes' }
  if (user !== null && !isUserName(user)) {
    return { ok: false, says: 'the name of a user does not begin with - and has no quotes or control characters' }
  }
  const port = parts.port === null ? null : readPort(parts.port)
  if (port === null && parts.port !== null) return { ok: false, says: 'a port is a number from 1 to 65535' }
  return { ok: true, value: { user, host, port } }
}

interface Parts {
  readonly user: string | null
  readonly host: string
  readonly port: string | null
}

/** Names of users may have an `@` (Active Directory), so that the last one counts; two colons make an address of IPv6. */
function plainParts(text: string): Parts | null {
  const { user, rest } = splitAt(text, text.lastIndexOf('@'))
  if (user === '') return null
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/s.exec(rest)
  if (bracketed) return { user, host: bracketed[1] ?? '', port: bracketed[2] ?? null }
  const [host = '', port, ...more] = rest.split(':')
  return more.length > 0 || port === undefined ? { user, host: rest, port: null } : { user, host, port }
}

/** The first `@`, as in any URI; what would be in the way is written as %40 (`parse_uri` in OpenSSH's misc.c). */
function uriParts(text: string): Parts | null {
  const { user: info, rest } = splitAt(text, text.indexOf('@'))
  const user = info === null ? null : decoded(info.replace(/;.*$/s, ''))
  const place = /^(?:\[([^\]]+)\]|([^:/[\]]+))(?::(\d*))?\/?$/.exec(rest)
  if (user === '' || (info !== null && user === null) || !place) return null
  return { user, host: place[1] ?? place[2] ?? '', port: place[3] || null }
}

function splitAt(text: string, at: number): { readonly user: string | null; readonly rest: string } {
  return at < 0 ? { user: null, rest: text } : { user: text.slice(0, at), rest: text.slice(at + 1) }
}

function decoded(text: string): string | null {
  try {
    return decodeURIComponent(text)
  } catch {
    return null
  }
}

/** A service by its name is not looked up. */
export function readPort(text: string): number | null {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0
  return port >= 1 && port <= 65_535 ? port : null
}

/** Nothing that could be an option of a program, or mean something to a shell (`ssh_valid_hostname` in readconf.c). */
export function isHostName(text: string): boolean {
  return text !== '' && !/^-|[\s\p{Cc}'`"$\\;&<>|(){},[\]]/u.test(text)
}

/** As `ssh_valid_ruser` in readconf.c. */
export function isUserName(text: string): boolean {
  return text !== '' && !/^-|[\p{Cc}'`";&<>|(){}]|\s-|\\$/u.test(text)
}
