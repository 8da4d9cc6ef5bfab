/**
 * Which denial of SELinux or AppArmor is why visitors fail now: one that names who was stopped, and the very address or
 * file that the configuration names. What is only forbidden, and nobody fails by, is no cause.
 */
import type { Evidence } from '@fleetmend/shared'
import type { SocketAddress } from '../host/host.ts'
import type { Denial } from '../readings/denials.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { PassFacts, UpstreamFacts } from '../survey/address-facts.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { startObstacle, type StartObstacle } from './start-obstacle.ts'
import { deniedAt, failsOverHttp, passesTo, recentErrors } from './upstream-obstacle.ts'

type Module = Denial['by']

export interface StoppedNginx {
  readonly upstream: UpstreamFacts
  /** Those whose sites fail. */
  readonly passes: readonly PassFacts[]
  readonly denial: Denial
  /** nginx's own word for it, `(13: Permission denied)`. */
  readonly errors: readonly NginxErrorEntry[]
}

/**
 * The agent connects with nginx's user and groups, but not as nginx's domain or under its profile, so that its request
 * mostly passes: that is how permissions are known to allow what the module does not. The kernel asks them first.
 */
export function stoppedNginx(facts: HostFacts, by: Module): readonly StoppedNginx[] {
  const { nginx, takenAtMs } = facts
  const since = Math.max(takenAtMs - recentMs, nginx.loadedAtMs ?? 0)
  const own = denialsBy(facts, by).filter(
    ({ comm, subject, atMs }) => comm === 'nginx' && atMs >= since && isRunBy(subject, facts.security.nginxRunsAs),
  )
  return nginx.upstreams.flatMap((upstream) => {
    const passes = passesTo(facts, upstream.address).filter(({ site }) => failsOverHttp(facts, site))
    const errors = recentErrors(facts, passes, upstream.address).filter(
      ({ kind, localTime }) => kind === 'connect-denied' && localTimeMs(localTime) >= since - logToleranceMs,
    )
    const denial = own.findLast((each) => isAbout(each, upstream.address))
    const isStopped = passes.length > 0 && errors.length > 0 && permissionsAllow(facts, upstream)
    return isStopped && denial ? [{ upstream, passes, denial, errors }] : []
  })
}

export interface StoppedStart {
  readonly service: FpmFacts
  readonly obstacle: StartObstacle
  readonly denial: Denial
}

/** A master that could not start: the denial is of its own pid, and is about what it then said it could not do. */
export function stoppedStarts(facts: HostFacts, by: Module): readonly StoppedStart[] {
  const denials = denialsBy(facts, by)
  return facts.fpm.flatMap((service) => {
    const obstacle = startObstacle(service)
    const words = obstacle?.evidence.find(({ says }) => says.includes('(13)'))?.says
    const denial = denials.findLast(
      ({ pid, comm, port, name }) =>
        pid === service.unit?.execMainPid &&
        comm.startsWith('php-fpm') &&
        words !== undefined &&
        words.includes(port === null ? (name ?? '\n') : `:${port}'`),
    )
    return obstacle && denial ? [{ service, obstacle, denial }] : []
  })
}

export function denialEvidence(facts: HostFacts, { says, atMs }: Denial): Evidence {
  const { denials } = facts.security
  return { source: denials?.ok ? denials.value.source : '', says, at: instantOf(atMs) }
}

/** FPM's and nginx's logs have whole seconds. */
const logToleranceMs = 1500
const recentMs = 5 * 60_000

function denialsBy({ security }: HostFacts, by: Module): readonly Denial[] {
  if (!security.denials?.ok || (by === 'selinux' && security.selinux !== 'enforcing')) return []
  return security.denials.value.all.filter((denial) => denial.by === by)
}

/** `/proc/PID/attr/current` is a context with SELinux, with AppArmor a profile and its mode. */
function isRunBy(subject: string, runsAs: string | null): boolean {
  return subject !== '' && (runsAs === subject || runsAs === `${subject} (enforce)`)
}

/** SELinux names a socket by its last name, and a socket's owner or a folder that may not be passed as it can. */
function isAbout({ what, name, port }: Denial, address: SocketAddress): boolean {
  if (address.startsWith('tcp:')) return what === 'tcp_socket' && port !== null && address.endsWith(`:${port}`)
  const path = address.slice('unix:'.length)
  if (name === null || what === 'tcp_socket') return false
  if (name === path || `/${name}` === path) return true
  if (name.includes('/')) return what === 'dir' && path.startsWith(`${name}/`)
  const names = path.split('/')
  return what === 'dir' ? names.slice(0, -1).includes(name) : names.at(-1) === name
}

function permissionsAllow({ nginx }: HostFacts, { reply, way }: UpstreamFacts): boolean {
  if (reply.kind !== 'cannot-connect') return reply.kind === 'answered'
  return reply.errno === 'EACCES' && (way === null || deniedAt(way, nginx.worker) === null)
}
