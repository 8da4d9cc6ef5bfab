/** The sites of an nginx configuration that hand requests to FastCGI: where each listens, and where its requests go. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxConfig, NginxDirective } from './nginx-config.ts'

export interface NginxPass {
  /** `fastcgi_pass` as written. */
  readonly target: string
  readonly directive: NginxDirective
  /** Empty for a variable. */
  readonly addresses: readonly SocketAddress[]
}

export interface NginxSite {
  readonly serverName: string
  /** An address of this host that reaches it. */
  readonly listen: { readonly address: string; readonly port: number; readonly tls: boolean }
  readonly passes: readonly NginxPass[]
  readonly accessLogs: readonly string[]
  readonly errorLogs: readonly string[]
}

/** Debian builds nginx with this; an `error_log` anywhere outside the server replaces it. */
const builtInErrorLog = '/var/log/nginx/error.log'

export function nginxSites(config: NginxConfig): readonly NginxSite[] {
  const mainErrorLogs = logsIn(config.directives, 'error_log')
  return blocksNamed(config.directives, 'http').flatMap((http) => {
    const upstreams = new Map(blocksNamed(http, 'upstream', true).map(({ args, block }) => [args[0] ?? '', serversOf(block ?? [])]))
    const inherited = {
      accessLogs: logsIn(http, 'access_log'),
      errorLogs: firstOf(logsIn(http, 'error_log'), mainErrorLogs, [builtInErrorLog]),
    }
    return blocksNamed(http, 'server').flatMap((server) => siteOf(server, upstreams, inherited))
  })
}

type Logs = Pick<NginxSite, 'accessLogs' | 'errorLogs'>

function siteOf(server: readonly NginxDirective[], upstreams: ReadonlyMap<string, readonly SocketAddress[]>, inherited: Logs): readonly NginxSite[] {
  const passes = everywhere(server, 'fastcgi_pass').map((directive) => {
    const target = directive.args[0] ?? ''
    return { target, directive, addresses: upstreams.get(target) ?? upstreamAddresses(target) }
  })
  const listen = probeAddress(server.filter((directive) => directive.name === 'listen'))
  if (passes.length === 0 || !listen) return []
  return [
    {
      serverName: usableName(server.filter((directive) => directive.name === 'server_name').flatMap((directive) => directive.args)),
      listen,
      passes,
      accessLogs: firstOf(logsIn(everywhereFlat(server), 'access_log'), inherited.accessLogs),
      errorLogs: firstOf(logsIn(everywhereFlat(server), 'error_log'), inherited.errorLogs),
    },
  ]
}

/** `fastcgi_pass` of a location; nested locations, `if` and `limit_except` included. */
function everywhere(directives: readonly NginxDirective[], name: string): readonly NginxDirective[] {
  return everywhereFlat(directives).filter((directive) => directive.name === name)
}

function everywhereFlat(directives: readonly NginxDirective[]): readonly NginxDirective[] {
  return directives.flatMap((directive) => [directive, ...everywhereFlat(directive.block ?? [])])
}

function blocksNamed(directives: readonly NginxDirective[], name: string): readonly (readonly NginxDirective[])[]
function blocksNamed(directives: readonly NginxDirective[], name: string, whole: true): readonly NginxDirective[]
function blocksNamed(directives: readonly NginxDirective[], name: string, whole?: true): readonly unknown[] {
  const found = directives.filter((directive) => directive.name === name && directive.block !== null)
  return whole ? found : found.map((directive) => directive.block)
}

/** A name that a request can carry; a pattern or `_` cannot be asked for, so the default is reached by `localhost`. */
function usableName(names: readonly string[]): string {
  return names.find((name) => /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(name)) ?? 'localhost'
}

/** The first `listen` that a probe on this host can reach, plain HTTP before TLS; none for unix sockets alone. */
function probeAddress(listens: readonly NginxDirective[]): NginxSite['listen'] | null {
  if (listens.length === 0) return { address: '127.0.0.1', port: 80, tls: false }
  const reachable = listens.flatMap(({ args: [where = '', ...options] }) => {
    const match = /^(?:(\[[^\]]+\]|[^:]+)(?::(\d+))?|:?(\d+))$/.exec(where)
    if (!match || where.startsWith('unix:')) return []
    const bare = /^\d+$/.test(where)
    const address = bare ? '127.0.0.1' : onThisHost(match[1] ?? '')
    return [{ address, port: Number(bare ? where : (match[2] ?? '80')), tls: options.includes('ssl') }]
  })
  return reachable.find((listen) => !listen.tls) ?? reachable[0] ?? null
}

function onThisHost(address: string): string {
  if (address === '*' || address === '0.0.0.0' || address === 'localhost') return '127.0.0.1'
  return address === '[::]' ? '[::1]' : address
}

function serversOf(upstream: readonly NginxDirective[]): readonly SocketAddress[] {
  const servers = upstream.filter((directive) => directive.name === 'server' && !directive.args.includes('down'))
  return servers.flatMap((server) => upstreamAddresses(server.args[0] ?? ''))
}

/** `unix:/path`, `unix:/path:`, `host:port`; `localhost` is two peers; a variable is none. */
export function upstreamAddresses(target: string): readonly SocketAddress[] {
  if (target.includes('$')) return []
  if (target.startsWith('unix:')) return [`unix:${target.slice('unix:'.length).replace(/:$/, '').replace(/\/{2,}/g, '/').replace(/^\/var\/run\//, '/run/')}`]
  const match = /^(\[[^\]]+\]|[^:]+):(\d+)$/.exec(target)
  if (!match) return []
  const [, host, port] = match
  return host === 'localhost' ? [`tcp:127.0.0.1:${port}`, `tcp:[::1]:${port}`] : [`tcp:${host}:${port}`]
}

/** Files only; `off`, syslog and variables are nowhere that can be read. */
function logsIn(directives: readonly NginxDirective[], name: string): readonly string[] {
  const paths = directives.filter((directive) => directive.name === name).map((directive) => directive.args[0] ?? '')
  return [...new Set(paths.filter((path) => path.startsWith('/') && !path.includes('$') && path !== '/dev/null'))]
}

function firstOf(...lists: readonly (readonly string[])[]): readonly string[] {
  return lists.find((list) => list.length > 0) ?? []
}
