/** What a `listen` directive opens, and where a probe from this host reaches it. */

export interface NginxListen {
  /** As nginx binds it: `0.0.0.0`, `[::]`, `10.0.0.5`, or a name it would look up. */
  readonly host: string
  readonly port: number
  readonly tls: boolean
  readonly isDefault: boolean
  /** Clients must begin with a PROXY header; a plain request is turned away. */
  readonly proxyProtocol: boolean
}

/** Where a server without `listen` listens (as root, which nginx is under systemd). */
export const defaultListen: NginxListen = {
  host: '0.0.0.0',
  port: 80,
  tls: false,
  isDefault: false,
  proxyProtocol: false,
}

/** Null for what no TCP client of this host can reach: unix sockets, QUIC, and what nginx would refuse. */
export function readListen([address = '', ...options]: readonly string[]): NginxListen | null {
  const at = hostAndPort(address)
  if (!at || options.includes('quic')) return null
  return {
    ...at,
    tls: options.includes('ssl'),
    isDefault: options.includes('default_server') || options.includes('default'),
    proxyProtocol: options.includes('proxy_protocol'),
  }
}

/** Listens with the same key share one socket, and nginx picks the server by name among theirs. */
export function socketKey({ host, port }: NginxListen): string {
  return `${host}:${port}`
}

/**
 * An address of this host that leads to exactly this listener. A wildcard is reached over the loopback; where another
 * `listen` has taken 127.0.0.1 for itself, as status pages do, over the next loopback address, for nginx picks the
 * server by the address that a client came to.
 */
export function probeAddress(listen: NginxListen, sockets: { has(key: string): boolean }): string | null {
  const candidates = loopbacksOf(listen.host)
  return candidates.find((host) => host === listen.host || !sockets.has(`${host}:${listen.port}`)) ?? null
}

function loopbacksOf(host: string): readonly string[] {
  if (host === '0.0.0.0') return ['127.0.0.1', '127.0.0.2', '127.0.0.3']
  return host === '[::]' ? ['[::1]'] : [host]
}

// A range of ports (nginx 1.15.10) opens all of them; the first stands for it.
const portAfterHost = /^(?:(\[[0-9a-f:.]+\]|[^:/?[\]]+):)?(\d+)(?:-\d+)?$/i
const hostAlone = /^(?:\[[0-9a-f:.]+\]|[^:/?[\]]+)$/i

function hostAndPort(address: string): Pick<NginxListen, 'host' | 'port'> | null {
  const parts = portAfterHost.exec(address)
  if (!parts && !hostAlone.test(address)) return null
  const host = bound((parts ? (parts[1] ?? '*') : address).toLowerCase())
  const port = Number(parts?.[2] ?? 80)
  return host !== null && port >= 1 && port <= 65535 ? { host, port } : null
}

function bound(host: string): string | null {
  if (host === '*') return '0.0.0.0'
  // nginx listens on every address of a name; this one is enough to reach it.
  if (host === 'localhost') return '127.0.0.1'
  if (!host.startsWith('[')) return host
  return URL.canParse(`http://${host}`) ? new URL(`http://${host}`).hostname : null
}
