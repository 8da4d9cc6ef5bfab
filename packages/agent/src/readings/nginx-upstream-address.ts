/** Addresses that nginx connects to, written so that they can be compared with where FPM listens. */
import type { SocketAddress } from '../host/host.ts'

/**
 * The addresses of a `fastcgi_pass` or of a `server` in an upstream group. None where nginx learns the address only
 * from a request (variables) and none where nginx would refuse it. A host name other than `localhost` stays a name.
 */
export function upstreamAddresses(target: string, defaultPort?: number): readonly SocketAddress[] {
  if (target.includes('$')) return []
  if (/^unix:/i.test(target)) return unixAddress(target.slice('unix:'.length))
  const parts = /^(\[[0-9a-f:.]+\]|[^:/?[\]]+)(?::(\d+))?$/i.exec(target)
  const port = parts?.[2] === undefined ? defaultPort : Number(parts[2])
  if (!parts?.[1] || port === undefined || port < 1 || port > 65535) return []
  return hostAddresses(parts[1].toLowerCase()).map((host): SocketAddress => `tcp:${host}:${port}`)
}

/**
 * The `upstream:` field of an error line, `fastcgi://unix:/run/php/x.sock:` or `fastcgi://127.0.0.1:9000`. The colon at
 * its end is nginx's, between the address and an empty URI; "upstream timed out" lines lack it (reference E.5).
 */
export function loggedUpstreamAddress(field: string): SocketAddress | null {
  const target = field.replace(/^[a-z]+:\/\//, '')
  const [address] = upstreamAddresses(/^unix:/i.test(target) ? target.replace(/:$/, '') : target)
  return address ?? null
}

/**
 * The addresses of a `proxy_pass`: `http://127.0.0.1:8000/uri`, `http://group`, `https://unix:/run/app.sock:/uri`. The
 * port of a scheme counts where none is written, but not in a group, whose servers have their own.
 */
export function proxyAddresses(
  target: string,
  groups: ReadonlyMap<string, readonly SocketAddress[]>,
): readonly SocketAddress[] {
  const parts = /^(https?):\/\/(unix:[^:]+|[^/?]+)/i.exec(target)
  const [, scheme = '', authority] = parts ?? []
  if (authority === undefined || target.includes('$')) return []
  const port = scheme.toLowerCase() === 'https' ? 443 : 80
  return groups.get(authority.toLowerCase()) ?? upstreamAddresses(authority, port)
}

/**
 * Whether the `upstream:` field of an error line names this address. What follows the address in it, the URI, is the
 * visitor's; between the two stands a colon for unix sockets, but not on "upstream timed out" lines.
 */
export function isLoggedAs(field: string, address: SocketAddress): boolean {
  const target = (/^[a-z]+:\/\/(.*)$/s.exec(field)?.[1] ?? '').replace(/^unix:\/var\/run\//, 'unix:/run/')
  const name = address.startsWith('tcp:') ? address.slice('tcp:'.length) : address
  return target.startsWith(name) && /^(?:[:/?]|$)/.test(target.slice(name.length))
}

/** A path without a leading slash is relative to where nginx was started, which is `/` under systemd. */
function unixAddress(path: string): readonly SocketAddress[] {
  // In a configuration a colon at the end is part of the path: `fastcgi_pass unix:/run/x.sock:` connects to `x.sock:`.
  if (path === '') return []
  const plain = `/${path}`.replaceAll(/\/(?:\.?\/)+/g, '/').replace(/^\/var\/run\//, '/run/')
  return [`unix:${plain}`]
}

function hostAddresses(host: string): readonly string[] {
  if (host === 'localhost') return ['127.0.0.1', '[::1]']
  return host.startsWith('[') ? ipv6(host) : [host]
}

/** In its shortest form, so that `[0:0::1]` is `[::1]`. */
function ipv6(host: string): readonly string[] {
  return URL.canParse(`http://${host}`) ? [new URL(`http://${host}`).hostname] : []
}
