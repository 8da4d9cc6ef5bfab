/** What every remediation that restarts PHP-FPM has in common: what it needs, checks, the act, which requests it loses. */
import { deniedAfterRestart } from '../judgement/next-socket.ts'
import { isMeant, sitesOf } from '../judgement/same-address.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { UnitService } from '../judgement/unit-service.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import type { ReloadParts } from './reload-parts.ts'
import { findManaged, findAccepted, refused, type Found } from './service-input.ts'
import { unitBasis } from './started-service.ts'

export interface Restartable extends UnitService {
  readonly config: { readonly ok: true; readonly value: FpmConfig }
}

/** One that systemd runs, and that would come up again with what is on disk. */
export function findRestartable(facts: HostFacts, service: string): Found<Restartable> {
  const managed = findManaged(facts, service)
  if (!managed.ok) return managed
  const reloadable = findAccepted(facts, service)
  if (!reloadable.ok) return reloadable
  return { ok: true, value: { ...managed.value, config: reloadable.value.config } }
}

/** A socket that nginx could not use after the restart would turn a small fault into a big one. */
export function refusedNextSocket(facts: HostFacts, service: string): ReturnType<typeof refused> | null {
  const denied = deniedAfterRestart(facts).find(({ claim }) => claim.service.service === service)
  if (!denied) return null
  const { subject } = denied.claim.pool
  return refused(
    `After a restart of ${service}, nginx could not connect to ${subject}: its socket would be ${denied.socket}.`,
    `Mend that with it: \`fleetmend-agent plan fix-socket-access --input pool=${subject}\`.`,
  )
}

/** How long workers may finish first: the longer, the more new requests queue at a socket that is then closed. */
const finishWhileUnreachedMs = 5000
const finishWhileQuietMs = 1000
/** From here on more are lost by waiting than by cutting off. */
const quietPerSecond = 1

export function restartParts(facts: HostFacts, fpm: UnitService, edits: boolean): Omit<ReloadParts, 'guards'> {
  const { service, master, pools } = fpm
  const check = { check: 'fpm-config', service } as const
  const serving = pools.filter((pool) => mayServe(facts, pool))
  const perSecond = requestsPerSecond(facts, serving)
  const isQuiet = perSecond !== null && perSecond < quietPerSecond
  const finishMs = serving.length === 0 ? finishWhileUnreachedMs : isQuiet ? finishWhileQuietMs : null
  const workers = pools.reduce((sum, pool) => sum + pool.workers.length, 0)
  return {
    checks: [{ when: 'planned', ...check }, ...(edits ? [{ when: 'live', ...check } as const] : [])],
    acts: [{ act: 'restart', service, ...(finishMs === null ? {} : { finishMs }) }],
    disturbs: [
      finishMs === null ? cutOff(service, perSecond) : finishing(service, finishMs),
      serving.length === 0
        ? `Nothing else is lost: nginx reaches no pool of ${service} now.`
        : `Until ${service} is up again, new requests to ${inWords(serving)} get 502: mostly for 0.1 to 0.5 s${finishMs === null ? '' : ' after that'}.`,
    ],
    basis: [
      ...(master ? [{ of: 'master', service, pid: master.pid, startTicks: master.startTicks } as const] : []),
      unitBasis(fpm),
    ],
    forecast: [`${workers} workers of ${service} will be replaced, and its master`],
  }
}

const atOnce =
  'systemd tells every process of the unit to end at once (KillSignal, which is SIGTERM unless set otherwise)'

function cutOff(service: string, perSecond: number | null): string {
  const come =
    perSecond === null ? 'how many come in is not known' : `about ${Math.round(perSecond)} come in each second`
  return (
    `Requests that ${service} has in flight are cut off and answered 502: ${atOnce}. They are not waited for, because ` +
    `what comes in meanwhile would queue and be lost with the socket (${come}).`
  )
}

function finishing(service: string, finishMs: number): string {
  return (
    `Requests that ${service} has in flight may finish, for at most ${finishMs / 1000} s (a script inside sleep() wakes up early); ` +
    `what still runs then is cut off and answered 502: ${atOnce}.`
  )
}

/** Of the last five minutes; null where that is not known. */
function requestsPerSecond(facts: HostFacts, pools: readonly PoolFacts[]): number | null {
  const sites = sitesOf(facts, pools)
  if (sites.length === 0 || sites.some(({ requests }) => !requests.ok)) return null
  return sites.reduce((sum, { requests }) => sum + (requests.ok ? requests.value.total : 0), 0) / (5 * 60)
}

/** Unless it is known that nobody gets through. */
function mayServe(facts: HostFacts, pool: PoolFacts): boolean {
  const asked = facts.nginx.upstreams.filter(({ address }) => isMeant(facts, address, pool))
  if (facts.nginx.master && facts.nginx.sites.ok && facts.fpm.length === 1 && asked.length === 0) return false
  return asked.length === 0 || asked.some(({ reply }) => reply.kind !== 'cannot-connect')
}

function inWords(pools: readonly PoolFacts[]): string {
  const names = pools.map(({ name }) => name)
  return names.length === 1 ? `pool ${names[0]}` : `the pools ${names.join(', ')}`
}
