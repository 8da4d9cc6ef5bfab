/** What every remediation that reloads PHP-FPM has in common: checks, the act, what it disturbs, what must not change. */
import type { Act, BasisItem, Check } from '@fleetmend/shared'
import type { FpmFacts } from '../survey/host-facts.ts'

/** How long new requests may wait for the slowest one in flight: well below nginx's fastcgi_read_timeout of 60 s. */
export const defaultDeadlineMs = 20_000

export interface ReloadParts {
  readonly checks: readonly Check[]
  readonly acts: readonly Act[]
  readonly disturbs: readonly string[]
  readonly basis: readonly BasisItem[]
  readonly forecast: readonly string[]
}

export function reloadParts(service: FpmFacts, deadlineMs: number, edits: boolean): ReloadParts {
  const name = service.service
  const pools = service.pools.map((pool) => pool.name)
  const workers = service.pools.reduce((sum, pool) => sum + pool.workers.length, 0)
  const check = { check: 'fpm-config', service: name } as const
  return {
    checks: [{ when: 'planned', ...check }, ...(edits ? [{ when: 'live', ...check } as const] : [])],
    acts: [{ act: 'reload-fpm', service: name, deadlineMs }],
    disturbs: [
      `New requests to ${pools.length === 1 ? `pool ${pools[0]}` : `all pools (${pools.join(', ')})`} of ${name} wait until the slowest request in flight is done, at most ${deadlineMs / 1000} s; none is lost.`,
      'A script that is inside sleep() when the reload comes wakes up early (SIGQUIT interrupts it).',
    ],
    basis: service.master
      ? [{ of: 'master', service: name, pid: service.master.pid, startTicks: service.master.startTicks }]
      : [],
    forecast: [`${workers} workers of ${name} will be replaced`],
  }
}
