/**
 * What every remediation that reloads PHP-FPM has in common: what it needs, checks, the act, what it disturbs, what must
 * not change.
 */
import type { Act, BasisItem, Check, Guard } from '@fleetmend/shared'
import { instantOf } from '../judgement/instant.ts'
import { keptConnectionsTo } from '../judgement/kept-connections.ts'
import { unloadedSince } from '../judgement/unloaded-nginx.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { findReloadableNginx, nginxParts, type EditableNginx } from './nginx-parts.ts'
import { findAccepted, refused, type Accepted, type Found, type Refused } from './service-input.ts'

/** How long new requests may wait for the slowest one in flight: well below nginx's fastcgi_read_timeout of 60 s. */
export const defaultDeadlineMs = 20_000

/** One that can be reloaded without losing a request. */
export function findReloadable(facts: HostFacts, service: string): Found<Accepted> {
  const found = findAccepted(facts, service)
  const refusal = found.ok ? refusedForNginx(facts, found.value) : null
  return refusal ? { ok: false, refused: refusal } : found
}

/**
 * Workers wait on an idle connection until nginx gives it up, which it does when it is reloaded. Where it cannot be, the
 * reload of PHP-FPM would come through on a busy host only, and lose what is sent on a connection in its last moment.
 */
export function refusedForNginx(facts: HostFacts, service: FpmFacts): Refused | null {
  const letting = lettingGo(facts, service)
  return letting?.is === 'impossible' ? letting.refused : null
}

type LettingGo =
  | {
      readonly is: 'possible'
      readonly nginx: EditableNginx
      readonly pools: readonly string[]
      readonly setAt: string
    }
  | { readonly is: 'impossible'; readonly refused: Refused }

/** Null where nginx keeps no connections to any of its pools. */
function lettingGo(facts: HostFacts, { service, pools }: FpmFacts): LettingGo | null {
  if (!facts.nginx.master) return null
  const kept = pools.flatMap((pool) => keptConnectionsTo(facts, pool) ?? [])
  const [first] = kept
  if (!first) return null
  const needs = `nginx keeps idle connections to ${service} (keepalive ${first.perWorker} at ${first.setAt}), and gives them up only when it is reloaded with it.`
  const nginx = findReloadableNginx(facts)
  if (!nginx.ok) return { is: 'impossible', refused: refused(`${needs} ${nginx.refused.because}`, nginx.refused.toDo) }
  const editedMs = unloadedSince(facts)
  if (editedMs !== null)
    return {
      is: 'impossible',
      refused: refused(
        `${needs} That would also load what was edited there at ${instantOf(editedMs)} and not loaded, which nobody asked for.`,
        'Load it by itself first, or put it back, and plan again: `fleetmend-agent plan reload-nginx`.',
      ),
    }
  const names = pools.filter((pool) => keptConnectionsTo(facts, pool) !== null).map(({ name }) => name)
  return { is: 'possible', nginx: nginx.value, pools: names, setAt: first.setAt }
}

export interface ReloadParts {
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly disturbs: readonly string[]
  readonly basis: readonly BasisItem[]
  readonly guards: readonly Guard[]
  readonly forecast: readonly string[]
}

export function reloadParts(facts: HostFacts, service: FpmFacts, deadlineMs: number, edits: boolean): ReloadParts {
  const name = service.service
  const pools = service.pools.map((pool) => pool.name)
  const workers = service.pools.reduce((sum, pool) => sum + pool.workers.length, 0)
  const check = { check: 'fpm-config', service: name } as const
  const letting = lettingGo(facts, service)
  const kept = letting?.is === 'possible' ? letting : null
  const nginx = kept && nginxParts(kept.nginx)
  return {
    checks: [
      { when: 'planned', ...check },
      ...(edits ? [{ when: 'live', ...check } as const] : []),
      ...(nginx?.checks.filter(({ when }) => when === 'planned') ?? []),
    ],
    acts: [{ act: 'reload-fpm', service: name, deadlineMs, ...(kept ? { reloadsNginx: true } : {}) }],
    disturbs: [
      `New requests to ${pools.length === 1 ? `pool ${pools[0]}` : `all pools (${pools.join(', ')})`} of ${name} wait until the slowest request in flight is done, at most ${deadlineMs / 1000} s; none is lost.`,
      'A script that is inside sleep() when the reload comes wakes up early (SIGQUIT interrupts it).',
      ...(kept
        ? [
            `nginx is reloaded in the middle of it, so that it gives up the idle connections that it keeps to ${kept.pools.join(', ')} (${kept.setAt}): requests in flight stand still until its new workers serve, and none is lost.`,
          ]
        : []),
    ],
    basis: [
      ...(service.master
        ? [{ of: 'master', service: name, pid: service.master.pid, startTicks: service.master.startTicks } as const]
        : []),
      ...(nginx?.basis ?? []),
    ],
    guards: kept ? [{ guard: 'nginx-loaded' }] : [],
    forecast: [`${workers} workers of ${name} will be replaced`, ...(nginx?.forecast ?? [])],
  }
}
