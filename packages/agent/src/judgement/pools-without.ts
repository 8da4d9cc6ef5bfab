/** The pools of services in use that lack a setting, by service: what several notes are about. Pure. */
import type { Evidence } from '@fleetmend/shared'
import type { FpmPool } from '../readings/fpm-config.ts'
import { fpmSeconds } from '../readings/fpm-values.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { isInUse } from './same-address.ts'

export interface PoolsWithout {
  readonly service: string
  /** Names, for people: `www, api`. */
  readonly pools: string
  readonly evidenceOf: (says: string) => Evidence[]
  /** `php8.2-fpm/www` of each of them. */
  readonly subjects: readonly string[]
}

export function poolsWithout(facts: HostFacts, lacks: (pool: FpmPool) => boolean): readonly PoolsWithout[] {
  return facts.fpm
    .filter((service) => service.master && isInUse(facts, service))
    .flatMap(({ service, config, configPath }) => {
      const lacking = config.ok ? config.value.pools.filter(lacks) : []
      if (lacking.length === 0) return []
      const pools = lacking.map(({ name }) => name).join(', ')
      const subjects = lacking.map(({ name }) => `${service}/${name}`)
      return [
        { service, pools, subjects, evidenceOf: (says) => [{ source: configPath, says: `${says} for ${pools}` }] },
      ]
    })
}

export function hasNoStatusPage({ directives }: FpmPool): boolean {
  return !directives.has('pm.status_path') && !directives.has('pm.status_listen')
}

export function keepsNoSlowLog({ directives }: FpmPool): boolean {
  return (fpmSeconds(directives.get('request_slowlog_timeout')?.value ?? '0') ?? 0) <= 0
}

/** Whether another pool of the service than this one lacks it, too. */
export function isWithoutIn({ config }: FpmFacts, but: string, lacks: (pool: FpmPool) => boolean): boolean {
  return config.ok && config.value.pools.some((pool) => pool.name !== but && lacks(pool))
}
