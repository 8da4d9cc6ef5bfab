/** Reads every `fastcgi_pass` of nginx's configuration with the addresses it leads to and where each is written. */
import type { ReadHost, SocketAddress } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { localhostAddresses } from '../readings/localhost.ts'
import type { NginxConfig, NginxDirective } from '../readings/nginx-config.ts'
import { effectiveDirectives } from '../readings/nginx-inheritance.ts'
import type { NginxPass, NginxPhpLocation } from '../readings/nginx-locations.ts'
import type { NginxSite } from '../readings/nginx-sites.ts'
import { defaultFailTimeoutS, readUpstreamGroups, type UpstreamServer } from '../readings/nginx-upstream-groups.ts'
import type { PassFacts, PeerFacts, WrittenAt } from './address-facts.ts'
import { followedSocket } from './socket-path.ts'

export async function passFacts(
  host: ReadHost,
  config: NginxConfig,
  sites: readonly NginxSite[],
): Promise<readonly PassFacts[]> {
  const groups = readUpstreamGroups(config)
  let localhost: Promise<readonly string[]> | undefined
  const stats = new Map<string, Promise<number | null>>()
  const writtenAt = async ({ path, line }: NginxDirective): Promise<WrittenAt> => {
    const read = stats.get(path) ?? modifiedMs(host, path)
    stats.set(path, read)
    return { path, line, modifiedMs: await read }
  }
  const peer = async (
    address: SocketAddress,
    server: Pick<UpstreamServer, 'target' | 'isDown' | 'failTimeoutS' | 'directive'>,
  ): Promise<PeerFacts> => ({
    ...(await writtenAt(server.directive)),
    target: server.target,
    address: await followLinks(host, address),
    logged: address,
    isDown: server.isDown,
    failTimeoutS: server.failTimeoutS,
  })
  const peersOf = async (server: UpstreamServer | (NginxPass & { isDown: boolean; failTimeoutS: number })) => {
    const isLocalhost = /^localhost(:|$)/i.test(server.target)
    const own = isLocalhost ? await (localhost ??= readLocalhost(host)) : []
    const addresses = server.addresses.filter(
      (address) => !isLocalhost || own.some((each) => address.startsWith(`tcp:${each}:`)),
    )
    return Promise.all(addresses.map((address) => peer(address, server)))
  }
  const facts = async (site: NginxSite, location: NginxPhpLocation, pass: NginxPass): Promise<PassFacts> => {
    const group = pass.target.toLowerCase()
    const servers = groups.get(group) ?? [{ ...pass, isDown: false, failTimeoutS: defaultFailTimeoutS }]
    return {
      ...(await writtenAt(pass.directive)),
      site: site.serverName,
      target: pass.target,
      group: groups.has(group) ? group : null,
      peers: (await Promise.all(servers.map((server) => peersOf(server)))).flat(),
      hasResolver: effectiveDirectives(location.levels, 'resolver').length > 0,
    }
  }
  return Promise.all(
    sites.flatMap((site) =>
      site.locations.flatMap((location) => location.passes.map((pass) => facts(site, location, pass))),
    ),
  )
}

async function readLocalhost(host: ReadHost): Promise<readonly string[]> {
  const [hosts, ifInet6] = await Promise.all([host.readFile('/etc/hosts'), host.readFile('/proc/net/if_inet6')])
  return localhostAddresses(hosts.ok ? textOf(hosts.value) : '', ifInet6.ok ? textOf(ifInet6.value) : '')
}

async function followLinks(host: ReadHost, address: SocketAddress): Promise<SocketAddress> {
  return address.startsWith('unix:') ? `unix:${await followedSocket(host, address.slice('unix:'.length))}` : address
}

/** A link can be changed, and so can what it leads to. */
export async function modifiedMs(host: ReadHost, path: string): Promise<number | null> {
  const real = await host.resolve(path)
  const stats = await Promise.all([path, ...(real.ok ? [real.value] : [])].map((each) => host.stat(each)))
  const known = stats.flatMap((stat) => (stat.ok ? [stat.value.modifiedMs] : []))
  return known.length === 0 ? null : Math.max(...known)
}
