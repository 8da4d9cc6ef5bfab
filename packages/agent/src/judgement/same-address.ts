/** Whether an address that nginx connects to is one that FPM listens on. */
import type { SocketAddress } from '../host/host.ts'
import type { FpmFacts, HostFacts, PoolFacts, SiteFacts } from '../survey/host-facts.ts'

export function reaches(upstream: SocketAddress, listen: SocketAddress): boolean {
  if (upstream === listen) return true
  if (!upstream.startsWith('tcp:') || !listen.startsWith('tcp:')) return false
  const [to, on] = [splitTcp(upstream), splitTcp(listen)]
  if (to.port !== on.port) return false
  if (on.host === to.host || on.host === '[::]') return true
  // Which of its addresses a name means is not known here; that a site goes nowhere must not be said by mistake.
  return on.host === '0.0.0.0' ? !to.host.startsWith('[') : isName(to.host) || isName(on.host)
}

/** Numbers are their own address, and no other: `127.0.0.1` does not reach `[::1]`. */
function isName(host: string): boolean {
  return !host.startsWith('[') && !/^\d+\.\d+\.\d+\.\d+$/.test(host)
}

function splitTcp(address: SocketAddress): { readonly host: string; readonly port: string } {
  const colon = address.lastIndexOf(':')
  return { host: address.slice('tcp:'.length, colon), port: address.slice(colon + 1) }
}

/** Whether this pool is who nginx asks at that address, or would be if it ran. */
export function isMeant(facts: HostFacts, upstream: SocketAddress, pool: PoolFacts): boolean {
  return (pool.listen !== null && reaches(upstream, pool.listen)) || hasLostLink(facts, upstream, pool)
}

/**
 * Debian's link to "the" PHP-FPM. Its helper takes it away where a master died and left its socket file, and lets it lead
 * to the next version that is up; where it is gone, the version it led to is one of those that are down.
 */
function hasLostLink(facts: HostFacts, upstream: SocketAddress, { subject, listen }: PoolFacts): boolean {
  if (upstream !== versionLink || facts.fpm.some(({ pools }) => pools.some((pool) => pool.listen === versionLink)))
    return false
  const service = facts.fpm.find(({ pools }) => pools.some((pool) => pool.subject === subject))
  const isOne = service?.master === null && service.unit?.unitFileState.startsWith('enabled')
  return isOne === true && (listen?.startsWith('unix:/run/php/') ?? false)
}

const versionLink = 'unix:/run/php/php-fpm.sock'

/** Sites whose requests for PHP go to one of these pools. */
export function sitesOf(facts: HostFacts, pools: readonly PoolFacts[]): readonly SiteFacts[] {
  if (!facts.nginx.sites.ok) return []
  return facts.nginx.sites.value.filter((site) =>
    site.upstreams.some((upstream) => pools.some((pool) => isMeant(facts, upstream, pool))),
  )
}

/**
 * Whether anyone is meant to be served by this FPM: a site points at it, or there is no nginx here that could and the
 * unit is enabled, or it runs without one. An unused second PHP version that is off is not a fault.
 */
export function isInUse(facts: HostFacts, service: FpmFacts): boolean {
  if (sitesOf(facts, service.pools).length > 0 || isOnlyHope(facts, service)) return true
  if (facts.nginx.sites.ok) return false
  // Without a unit, who runs is wanted, and so was who left a pid file behind.
  return service.unit?.unitFileState.startsWith('enabled') ?? (service.master !== null || service.pidFile !== null)
}

/** Whether PHP answers at an address of this service now, whoever does it. */
export function answersNow(facts: HostFacts, { pools }: FpmFacts): boolean {
  return facts.nginx.upstreams.some(
    ({ address, reply }) => reply.kind === 'answered' && pools.some((pool) => isMeant(facts, address, pool)),
  )
}

/**
 * Sites look for PHP on this host where no pool is, and this is the only FPM there is: whoever moved one of the two meant
 * the other to follow.
 */
function isOnlyHope(facts: HostFacts, service: FpmFacts): boolean {
  return (
    facts.fpm.length === 1 &&
    facts.nginx.upstreams.some(
      ({ address, reply, isHere }) =>
        reply.kind === 'cannot-connect' &&
        (isHere ?? address.startsWith('unix:')) &&
        !service.pools.some((pool) => isMeant(facts, address, pool)),
    )
  )
}
