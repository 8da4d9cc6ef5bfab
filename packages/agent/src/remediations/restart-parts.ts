/** What every remediation that restarts PHP-FPM has in common: what it needs, checks, the act, which requests it loses. */
import { deniedAfterRestart } from '../judgement/next-socket.ts'
import { isMeant } from '../judgement/same-address.ts'
import type { FpmConfig } from '../readings/fpm-config.ts'
import type { UnitService } from '../judgement/unit-service.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import type { ReloadParts } from './reload-parts.ts'
import { findManaged, findReloadable, refused, type Found } from './service-input.ts'

export interface Restartable extends UnitService {
  readonly config: { readonly ok: true; readonly value: FpmConfig }
}

/** One that systemd runs, and that would come up again with what is on disk. */
export function findRestartable(facts: HostFacts, service: string): Found<Restartable> {
  const managed = findManaged(facts, service)
  if (!managed.ok) return managed
  const reloadable = findReloadable(facts, service)
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

/** Where PHP is up, what queues meanwhile is lost with the socket: a short wait loses the least. */
const finishWhileServingMs = 1000
const finishMs = 5000

export function restartParts(facts: HostFacts, fpm: UnitService, edits: boolean): ReloadParts {
  const { service, master, pools, unit } = fpm
  const check = { check: 'fpm-config', service } as const
  const serving = pools.filter((pool) => mayServe(facts, pool))
  const limitMs = serving.length > 0 ? finishWhileServingMs : finishMs
  const workers = pools.reduce((sum, pool) => sum + pool.workers.length, 0)
  return {
    checks: [{ when: 'planned', ...check }, ...(edits ? [{ when: 'live', ...check } as const] : [])],
    acts: [{ act: 'restart', service, finishMs: limitMs }],
    disturbs: [
      `Requests that ${service} has begun may finish, for at most ${limitMs / 1000} s; what still runs then is cut off in the ` +
        'middle: systemd tells every process of the unit to end at once (KillSignal, which is SIGTERM unless set otherwise), and nginx answers 502.',
      serving.length > 0
        ? `Meanwhile, and until ${service} is up again (mostly some 0.2 s more), new requests to ${inWords(serving)} wait and end as 502; PHP has begun none of them.`
        : `Nothing else is lost: nginx reaches no pool of ${service} now.`,
      'A script that is inside sleep() when it begins wakes up early (SIGQUIT interrupts it).',
    ],
    basis: [
      ...(master ? [{ of: 'master', service, pid: master.pid, startTicks: master.startTicks } as const] : []),
      {
        of: 'unit',
        service,
        activeState: unit.activeState,
        unitFileState: unit.unitFileState,
        loadState: unit.loadState,
      },
    ],
    forecast: [`${workers} workers of ${service} will be replaced, and its master`],
  }
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
