/** What keeps nginx from reaching PHP at an address: at most one obstacle each, so that one fault is told once. */
import type { Role } from '@fleetmend/shared'
import type { SocketAddress } from '../host/host.ts'
import { denialOf } from '../readings/acl.ts'
import { loggedUpstreamAddress } from '../readings/nginx-upstream-address.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { PassFacts, PathFacts, StepFacts, UpstreamFacts, WorkerAccount } from '../survey/address-facts.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { isMeant, reaches } from './same-address.ts'
import { startObstacle } from './start-obstacle.ts'
import { triesAway } from './turned-away.ts'

const obstacles = [
  'upstream-mismatch',
  'socket-missing',
  'socket-stale',
  'socket-denied',
  'wrong-protocol',
  'clients-not-allowed',
  'upstream-name-unresolved',
  'port-blocked',
] as const
export type Obstacle = (typeof obstacles)[number]

/** An address that visitors' requests go to, or would after the next reload of nginx, and that does not answer. */
export interface Unreached {
  readonly upstream: UpstreamFacts
  /** Those that lead there. */
  readonly passes: readonly PassFacts[]
  readonly role: Extract<Role, 'cause' | 'risk'>
}

const recentMs = 5 * 60_000
/** FPM's log tells of a load to the second. */
const logToleranceMs = 1500
/** Processes start at a hundredth of a second, and files change at less. */
const startToleranceMs = 300

/** Without peers that others stand in for: nginx asks the next one, and visitors notice nothing. */
export function unreached(facts: HostFacts, obstacle: Obstacle): readonly Unreached[] {
  return facts.nginx.upstreams.flatMap((upstream) => {
    const { address } = upstream
    if (obstacleOf(facts, upstream) !== obstacle || isSpared(facts, address) || isRefused(facts, address)) return []
    const passes = passesTo(facts, address)
    return [{ upstream, passes, role: isLatent(facts, address) ? 'risk' : 'cause' }]
  })
}

/** Addresses that nginx would go to after its next reload, and would not reach; as of now it has not loaded them. */
export function lostByReload(facts: HostFacts): readonly Unreached[] {
  if (facts.nginx.master === null) return []
  return obstacles.flatMap((obstacle) => unreached(facts, obstacle).filter(({ role }) => role === 'risk'))
}

export function obstacleOf(facts: HostFacts, upstream: UpstreamFacts): Obstacle | null {
  const { reply, address } = upstream
  if (reply.kind === 'broken') {
    if (protocolVersion(upstream) !== null) return isKeptAway(facts, address) ? null : 'wrong-protocol'
    return refusingPool(facts, upstream) ? 'clients-not-allowed' : null
  }
  if (reply.kind !== 'cannot-connect') return null
  return address.startsWith('unix:')
    ? unixObstacle(facts, upstream, reply.errno)
    : tcpObstacle(facts, upstream, reply.errno)
}

function unixObstacle(facts: HostFacts, { address, way }: UpstreamFacts, errno: string): Obstacle | null {
  if (!way) return null
  const isBound = facts.fpm.some((service) => listens(service, address))
  switch (errno) {
    case 'EACCES':
      return deniedAt(way, facts.nginx.worker) ? 'socket-denied' : null
    case 'ENOENT':
    case 'ENOTDIR':
    case 'ELOOP':
      // There again by the time it was looked for: somebody restarted FPM just now.
      if (way.missing === null && way.stopped === null) return null
      if (isBound && way.seenBy.length === 0) return 'socket-missing'
      return isBound || !mayBeDown(facts, address) ? 'upstream-mismatch' : null
    case 'ECONNREFUSED':
    case 'EPROTOTYPE':
      return isBound || !mayBeDown(facts, address) ? 'socket-stale' : null
    default:
      return null
  }
}

function tcpObstacle(facts: HostFacts, { address, holders, isHere }: UpstreamFacts, errno: string): Obstacle | null {
  if (errno === 'ENOTFOUND' || errno === 'EAI_AGAIN') return 'upstream-name-unresolved'
  if (isHere !== true || holders === null) return null
  if (holders.length === 0) return errno === 'ECONNREFUSED' && !mayBeDown(facts, address) ? 'upstream-mismatch' : null
  // Somebody listens, and yet nobody is let through. A full queue on TCP is silence, too, but that is the pool's.
  const isFull = claimsOf(facts, address).some(
    ({ pool }) => (pool.queue.ok && pool.queue.value.waiting.some((n) => n > 0)) || triesAway(facts, pool) > 0,
  )
  return blockedErrnos.has(errno) && !(errno === 'ETIMEDOUT' && isFull) ? 'port-blocked' : null
}

const blockedErrnos = new Set(['ECONNREFUSED', 'EACCES', 'EPERM', 'EHOSTUNREACH', 'ENETUNREACH', 'ETIMEDOUT', 'EINVAL'])

export interface Claim {
  readonly service: FpmFacts
  readonly pool: PoolFacts
}

/** Pools whose configuration, as it is on disk, names this address. */
export function claimsOf(facts: HostFacts, address: SocketAddress): readonly Claim[] {
  return facts.fpm.flatMap((service) =>
    service.pools.filter((pool) => isMeant(facts, address, pool)).map((pool) => ({ service, pool })),
  )
}

export function listens(service: FpmFacts, address: SocketAddress): boolean {
  return service.master !== null && service.listensOn.some((listen) => reaches(address, listen))
}

/** A service that is down is another diagnosis's; so is one whose configuration nobody could read. */
function mayBeDown(facts: HostFacts, address: SocketAddress): boolean {
  const isUnreadable = facts.fpm.some(({ master, config }) => master === null && !config.ok)
  return isUnreadable || claimsOf(facts, address).some(({ service }) => service.master === null)
}

/** The service that is meant could not start, because of whoever answers there: its own diagnosis tells that. */
function isKeptAway(facts: HostFacts, address: SocketAddress): boolean {
  return claimsOf(facts, address).some(({ service }) => startObstacle(service)?.isTaken)
}

export interface Denial {
  readonly step: StepFacts
  readonly why: string
}

/**
 * The first name on the way that nginx's worker may not pass; the kernel walks in the same order. Where lists could not be
 * read, one of them may let it pass where a mode does not: then only a single such name is named.
 */
export function deniedAt({ steps, missing, hasReadAcls }: PathFacts, worker: WorkerAccount | null): Denial | null {
  if (!worker) return null
  const denials = steps.flatMap((step, i): Denial[] => {
    const isLast = i === steps.length - 1 && missing === null
    if (step.kind !== 'directory' && !isLast) return []
    const why = denialOf(step, worker, step.kind === 'directory' ? 'execute' : 'write')
    return why === null ? [] : [{ step, why }]
  })
  return hasReadAcls || denials.length === 1 ? (denials[0] ?? null) : null
}

/** Its user is in the group by now, and the running worker does not know. */
export function helpsByNewGroup({ kind, gid, mode }: StepFacts, worker: WorkerAccount): boolean {
  const bit = kind === 'directory' ? 0o010 : 0o020
  return worker.newGroups.includes(gid) && (mode & bit) !== 0
}

/** The first byte of an answer is a FastCGI server's version, 1; `H` of `HTTP/1.1` is 72. */
export function protocolVersion({ reply }: UpstreamFacts): number | null {
  if (reply.kind !== 'broken') return null
  const version = /\bFastCGI version (\d+)/.exec(reply.says)?.[1]
  return version === undefined ? null : Number(version)
}

/** The pool whose `listen.allowed_clients`, as loaded, does not have nginx's address; FPM then hangs up at once. */
export function refusingPool(facts: HostFacts, { address, reply }: UpstreamFacts): Claim | null {
  if (reply.kind !== 'broken' || !/\b(closed|reset)\b|EPIPE/.test(reply.says)) return null
  const from = clientAddress(address)
  const found = claimsOf(facts, address).find(({ service, pool }) => {
    const allowed = allowedClients(service, pool)
    const isLoaded = (service.configModifiedMs ?? Infinity) <= (service.loadedAtMs ?? 0) + logToleranceMs
    return isLoaded && from !== null && allowed !== null && !allowed.value.split(',').includes(from)
  })
  return found ?? null
}

export function allowedClients(
  service: FpmFacts,
  pool: PoolFacts,
): { value: string; path: string; line: number } | null {
  if (!service.config.ok) return null
  const configured = service.config.value.pools.find(({ name }) => name === pool.name)
  const directive = configured?.directives.get('listen.allowed_clients')
  return directive === undefined || directive.value === '' || directive.variables.length > 0 ? null : directive
}

/** Where connections to an address of this host come from: that address itself, and on the loopback its first. */
export function clientAddress(address: SocketAddress): string | null {
  const host = /^tcp:\[?([0-9a-f.:]+?)\]?:\d+$/.exec(address)?.[1]
  if (host === undefined) return null
  return host.startsWith('127.') ? '127.0.0.1' : host
}

export function passesTo(facts: HostFacts, address: SocketAddress): readonly PassFacts[] {
  return facts.nginx.passes.filter(({ peers }) => peers.some((peer) => !peer.isDown && peer.address === address))
}

/** Whether every pass that leads there has another peer that answers. */
export function isSpared(facts: HostFacts, address: SocketAddress): boolean {
  return passesTo(facts, address).every((pass) =>
    pass.peers.some((peer) => !peer.isDown && peer.address !== address && answers(facts, peer.address)),
  )
}

export function answers(facts: HostFacts, address: SocketAddress): boolean {
  return facts.nginx.upstreams.some((each) => each.address === address && each.reply.kind === 'answered')
}

/** Named only in files that nginx has not loaded and would refuse, such as a backup left in sites-enabled. */
function isRefused(facts: HostFacts, address: SocketAddress): boolean {
  const { configTest, master } = facts.nginx
  const passes = passesTo(facts, address)
  return (
    master !== null &&
    configTest.ok &&
    !configTest.value.passes &&
    passes.length > 0 &&
    passes.every((pass) => isUnloaded(facts, pass)) &&
    recentErrors(facts, passes, address).length === 0
  )
}

/**
 * Whether nginx has not loaded yet that it is to go there, and still serves these sites from elsewhere. While no nginx
 * runs, nobody is sent anywhere.
 */
export function isLatent(facts: HostFacts, address: SocketAddress): boolean {
  if (facts.nginx.master === null) return true
  const passes = passesTo(facts, address)
  return (
    passes.length > 0 &&
    passes.every((pass) => isUnloaded(facts, pass) && !failsOverHttp(facts, pass.site)) &&
    !recentErrors(facts, passes, address).some(({ kind }) => kind.startsWith('connect-'))
  )
}

export function isUnloaded(facts: HostFacts, pass: PassFacts): boolean {
  const { loadedAtMs } = facts.nginx
  const changes = [pass, ...pass.peers].map(({ modifiedMs }) => modifiedMs ?? 0)
  return loadedAtMs !== null && Math.max(...changes) > loadedAtMs + startToleranceMs
}

export function failsOverHttp(facts: HostFacts, site: string): boolean {
  const sites = facts.nginx.sites.ok ? facts.nginx.sites.value : []
  return sites.some(({ serverName, probes }) =>
    probes.some((probe) => serverName === site && probe.over === 'http' && !probe.passed),
  )
}

/** Lines of the last minutes about this address. It is compared with what the configuration names, never used. */
export function recentErrors(
  facts: HostFacts,
  passes: readonly PassFacts[],
  address: SocketAddress,
): HostFacts['nginx']['errors'] {
  const names = new Set(
    passes.flatMap(({ peers }) => peers.filter((peer) => peer.address === address).map(({ logged }) => logged)),
  )
  return facts.nginx.errors.filter((entry) => {
    const logged = entry.upstream === null ? null : loggedUpstreamAddress(entry.upstream)
    return logged !== null && names.has(logged) && isRecent(facts, entry.localTime)
  })
}

export function isRecent(facts: HostFacts, localTime: string, withinMs = recentMs): boolean {
  return localTimeMs(localTime) >= facts.takenAtMs - withinMs
}
