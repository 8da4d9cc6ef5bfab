/** Whether an address that nginx connects to is one that FPM listens on. */
import type { SocketAddress } from '../host/host.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../survey/host-facts.ts'

export function reaches(upstream: SocketAddress, listen: SocketAddress): boolean {
  if (upstream === listen) return true
  if (!upstream.startsWith('tcp:') || !listen.startsWith('tcp:')) return false
  const [, toHost, toPort] = splitTcp(upstream)
  const [, onHost, onPort] = splitTcp(listen)
  return toPort === onPort && (anyAddress.has(onHost) || (loopbacks.has(toHost) && loopbacks.has(onHost)))
}

/** Listening on these takes connections to any address of the host; FPM's bare `9000` binds `::` first. */
const anyAddress = new Set(['0.0.0.0', '[::]', '*'])
const loopbacks = new Set(['127.0.0.1', 'localhost', '[::1]'])

function splitTcp(address: SocketAddress): readonly [string, string, string] {
  const colon = address.lastIndexOf(':')
  return ['tcp', address.slice('tcp:'.length, colon), address.slice(colon + 1)]
}

/** Sites whose requests for PHP go to one of these pools. */
export function sitesOf(facts: HostFacts, pools: readonly PoolFacts[]): readonly SiteFacts[] {
  if (!facts.nginx.sites.ok) return []
  return facts.nginx.sites.value.filter((site) =>
    site.upstreams.some((upstream) => pools.some((pool) => pool.listen !== null && reaches(upstream, pool.listen))),
  )
}

/**
 * Whether anyone is meant to be served by this FPM: a site points at it, or there is no nginx here that could and the
 * unit is enabled. An unused second PHP version that is off is not a fault.
 */
export function isInUse(facts: HostFacts, service: FpmFacts): boolean {
  if (sitesOf(facts, service.pools).length > 0) return true
  const nginxReadable = facts.nginx.unit !== null && facts.nginx.sites.ok
  return !nginxReadable && service.unit.unitFileState.startsWith('enabled')
}
