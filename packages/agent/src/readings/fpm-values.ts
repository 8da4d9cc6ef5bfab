/** What FPM makes of a directive's value, by the rules of `fpm_conf.c:fpm_conf_set_*`: odd, silent, and taken over as they are. */
import type { SocketAddress } from '../host/host.ts'
import { atoi } from './atoi.ts'

/** Null is what FPM refuses. An empty value is 0, and so is a lone `-`. */
export function fpmInteger(value: string): number | null {
  return /^-?\d*$/.test(value) ? atoi(value) : null
}

/**
 * Seconds. Only the last character is looked at, the rest goes through atoi: `500ms` is 500 seconds, `1.5m` is 60,
 * `abc5` is 0. Null is what FPM refuses.
 */
export function fpmSeconds(value: string): number | null {
  const unit = value.at(-1)
  if (unit === undefined) return null
  if (/\d/.test(unit)) return atoi(value)
  const seconds = secondsIn.get(unit)
  return seconds === undefined ? null : Math.imul(seconds, atoi(value.slice(0, -1)))
}

const secondsIn: ReadonlyMap<string, number> = new Map([
  ['s', 1],
  ['m', 60],
  ['h', 60 * 60],
  ['d', 24 * 60 * 60],
])

/** A keyword has become `1` or nothing on the way here; in quotes FPM compares it exactly, since 8.2.19 at all. */
export function fpmBoolean(value: string): boolean | null {
  if (['1', 'yes', 'true', 'on'].includes(value)) return true
  return ['', '0', 'no', 'none', 'false', 'off'].includes(value) ? false : null
}

/** FPM compares without case; null is what it refuses. */
export function fpmProcessManager(value: string): 'static' | 'dynamic' | 'ondemand' | null {
  const manager = value.toLowerCase()
  return manager === 'static' || manager === 'dynamic' || manager === 'ondemand' ? manager : null
}

/**
 * Where `listen` (or `pm.status_listen`) makes FPM listen; null when FPM would not start. `prefix` is the pool's own
 * `prefix` where it has one, else PHP_PREFIX. Two of them surprise: a bare port is every address, `[::]` first, but
 * `*:9000` is only the loopback, `[::1]` first, because FPM asks getaddrinfo(3) without AI_PASSIVE. Both fall back to
 * IPv4 on a host without IPv6.
 */
export function listenAddress(listen: string, pool: string, prefix: string): SocketAddress | null {
  const address = expandPool(listen, pool)
  if (address === '') return null
  if (/^\d+$/.test(address)) return isPort(address) ? `tcp:[::]:${address}` : null
  const colon = address.lastIndexOf(':')
  if (colon === -1) return `unix:${address.startsWith('/') ? address : `${prefix}/${address}`}`
  const host = address.slice(0, colon).replace(/^\[(.*)\]$/, '$1')
  const port = address.slice(colon + 1).trim()
  if (host === '' || !isPort(port)) return null
  return `tcp:${host === '*' ? '[::1]' : host.includes(':') ? `[${host}]` : host}:${port}`
}

/** `$pool` anywhere in a string (`fpm_conf.c:fpm_conf_expand_pool_name`). */
export function expandPool(value: string, pool: string): string {
  return value.replaceAll('$pool', () => pool)
}

function isPort(text: string): boolean {
  return /^\d+$/.test(text) && Number(text) >= 1 && Number(text) <= 65_535
}
