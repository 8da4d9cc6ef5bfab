/** The sites of a configuration: server blocks that hand requests on, with where they can be asked for a page. */
import type { SocketAddress } from '../host/host.ts'
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import { effectiveDirectives, type NginxLevels } from './nginx-inheritance.ts'
import { defaultListen, probeAddress, readListen, socketKey, type NginxListen } from './nginx-listen.ts'
import {
  passLocations,
  type NginxPass,
  type NginxPhpLocation,
  type PassDirective,
  type UpstreamGroups,
} from './nginx-locations.ts'
import { accessLogs, errorLogs, packagedBuild, type NginxBuild } from './nginx-log-paths.ts'
import { nameClaims, probeName, type NameClaims } from './nginx-server-names.ts'
import { proxyAddresses, upstreamAddresses } from './nginx-upstream-address.ts'

export interface NginxSite {
  /** The name to know it by and to probe it with. */
  readonly serverName: string
  /** All its names as written: wildcards, patterns, `_`. */
  readonly serverNames: readonly string[]
  /** Where a probe with `serverName` reaches just this server block; null when `unreachable` says why none can. */
  readonly listen: { readonly address: string; readonly port: number; readonly tls: boolean } | null
  readonly unreachable: string | null
  /** Its server block. */
  readonly directive: NginxDirective
  readonly locations: readonly NginxPhpLocation[]
  /** Of all its locations. */
  readonly passes: readonly NginxPass[]
  /** Of its locations, those that do not depend on the request. */
  readonly documentRoots: readonly string[]
  readonly accessLogs: readonly string[]
  readonly errorLogs: readonly string[]
}

/** Those that hand requests to FastCGI, in the order nginx reads them. */
export function nginxSites(config: NginxConfig, build: NginxBuild = packagedBuild): readonly NginxSite[] {
  return sitesWith('fastcgi_pass', config, build)
}

/** Those that hand requests to another server over HTTP; a server may be among both. */
export function proxiedSites(config: NginxConfig, build: NginxBuild = packagedBuild): readonly NginxSite[] {
  return sitesWith('proxy_pass', config, build)
}

function sitesWith(by: PassDirective, config: NginxConfig, build: NginxBuild): readonly NginxSite[] {
  return blocksNamed(config.directives, 'http').flatMap((http) => {
    // Only simple directives are inherited, and an `http` block may hold thousands of servers to look through.
    const levels = [config.directives, http.block].map((level) => level.filter(({ block }) => block === null))
    const groups = upstreamGroups(http.block)
    const servers = blocksNamed(http.block, 'server').map((server) => readServer(server, [...levels, server.block]))
    const sockets = socketsOf(servers)
    return servers.flatMap((server) => siteOf(server, by, sockets, groups, build))
  })
}

interface Block extends NginxDirective {
  readonly block: readonly NginxDirective[]
}

function blocksNamed(directives: readonly NginxDirective[], name: string): readonly Block[] {
  return directives.filter((directive): directive is Block => directive.name === name && directive.block !== null)
}

/** `down` servers are never connected to; a port left out of an upstream's `server` is 80, in FastCGI too. */
function upstreamGroups(http: readonly NginxDirective[]): UpstreamGroups {
  return new Map(
    blocksNamed(http, 'upstream').map((group) => {
      const servers = group.block.filter(({ name, args }) => name === 'server' && !args.includes('down'))
      return [(group.args[0] ?? '').toLowerCase(), servers.flatMap(({ args }) => upstreamAddresses(args[0] ?? '', 80))]
    }),
  )
}

interface Server {
  readonly directive: NginxDirective
  readonly levels: NginxLevels
  readonly names: readonly string[]
  readonly listens: readonly NginxListen[]
}

function readServer(directive: Block, levels: NginxLevels): Server {
  const own = directive.block
  const names = own.filter(({ name }) => name === 'server_name').flatMap(({ args }) => args)
  const written = own.filter(({ name }) => name === 'listen')
  const listens =
    written.length === 0
      ? [defaultListen]
      : written.map(({ args }) => readListen(args)).filter((listen) => listen !== null)
  // `ssl on`, gone in nginx 1.25.1, made every listener of the server speak TLS.
  const isTls = effectiveDirectives(levels, 'ssl')[0]?.args[0] === 'on'
  return { directive, levels, names, listens: isTls ? listens.map((listen) => ({ ...listen, tls: true })) : listens }
}

/** One listening socket with the servers nginx chooses among. What one `listen` of it says, holds for all of them. */
interface Socket {
  readonly claims: NameClaims<Server>
  readonly default: Server | undefined
  readonly tls: boolean
  readonly proxyProtocol: boolean
}

type Sockets = ReadonlyMap<string, Socket>

function socketsOf(servers: readonly Server[]): Sockets {
  const all = servers.flatMap((server) => server.listens.map((listen) => ({ server, listen })))
  return new Map(
    [...Map.groupBy(all, ({ listen }) => socketKey(listen))].map(([key, on]) => [
      key,
      {
        claims: nameClaims(on.map(({ server }) => server)),
        default: (on.find(({ listen }) => listen.isDefault) ?? on[0])?.server,
        tls: on.some(({ listen }) => listen.tls),
        proxyProtocol: on.some(({ listen }) => listen.proxyProtocol),
      },
    ]),
  )
}

function siteOf(
  server: Server,
  by: PassDirective,
  sockets: Sockets,
  groups: UpstreamGroups,
  build: NginxBuild,
): readonly NginxSite[] {
  const passTo = (target: string): readonly SocketAddress[] =>
    by === 'proxy_pass'
      ? proxyAddresses(target, groups)
      : (groups.get(target.toLowerCase()) ?? upstreamAddresses(target))
  const locations = passLocations(server.levels, by, passTo, build)
  if (locations.length === 0) return []
  const passes = locations.flatMap((location) => location.passes)
  return [
    {
      ...probeTarget(server, sockets, passes),
      serverNames: server.names,
      directive: server.directive,
      locations,
      passes,
      documentRoots: distinct(locations.flatMap(({ documentRoot }) => documentRoot ?? [])),
      accessLogs: distinct(locations.flatMap(({ levels }) => accessLogs(levels, build))),
      errorLogs: distinct(locations.flatMap(({ levels }) => errorLogs(levels, build))),
    },
  ]
}

/**
 * The first listener on which a name leads to this server, those with TLS before the others: where a server has both,
 * the plain one often only redirects, and a redirect says nothing about PHP.
 */
function probeTarget(server: Server, sockets: Sockets, passes: readonly NginxPass[]): ProbeTarget {
  const serverName = server.names.find((name) => name !== '') ?? 'localhost'
  const nowhere = (unreachable: string): ProbeTarget => ({ serverName, listen: null, unreachable })
  const open = server.listens.flatMap((listen) => {
    const socket = sockets.get(socketKey(listen))
    const address = probeAddress(listen, sockets)
    return socket && address !== null ? [{ socket, listen: { address, port: listen.port, tls: socket.tls } }] : []
  })
  if (open.length === 0) return nowhere('it listens on no TCP address')
  const plain = open.filter(({ socket }) => !socket.proxyProtocol)
  if (plain.length === 0) return nowhere('it expects the PROXY protocol from its clients')
  for (const { socket, listen } of plain.toSorted((a, b) => Number(b.socket.tls) - Number(a.socket.tls))) {
    const probe = probeName(server, socket.claims, socket.default === server)
    if (!probe) continue
    // A made-up tenant has no pool: its 502 would say nothing about the real ones.
    const isByName = probe.isInvented && passes.some(({ target }) => target.includes('$'))
    if (isByName) return nowhere('where it sends a request depends on the host name, and no real one is known')
    return { serverName: probe.name, listen, unreachable: null }
  }
  return nowhere('no host name leads to it: other server blocks come first, or its pattern could not be read')
}

type ProbeTarget = Pick<NginxSite, 'serverName' | 'listen' | 'unreachable'>

function distinct<T>(values: readonly T[]): readonly T[] {
  return [...new Set(values)]
}
