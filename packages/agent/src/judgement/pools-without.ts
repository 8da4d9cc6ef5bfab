/** The pools of services in use that lack a setting, by service: what several notes are about. Pure. */
import type { Evidence } from '@fleetmend/shared'
import type { FpmPool } from '../readings/fpm-config.ts'
import type { HostFacts } from '../survey/host-facts.ts'
import { isInUse } from './same-address.ts'

export interface PoolsWithout {
  readonly service: string
  /** Names, for people: `www, api`. */
  readonly pools: string
  readonly evidenceOf: (says: string) => Evidence[]
}

export function poolsWithout(facts: HostFacts, lacks: (pool: FpmPool) => boolean): readonly PoolsWithout[] {
  return facts.fpm
    .filter((service) => service.master && isInUse(facts, service))
    .flatMap(({ service, config, configPath }) => {
      const lacking = config.ok ? config.value.pools.filter(lacks) : []
      if (lacking.length === 0) return []
      const pools = lacking.map(({ name }) => name).join(', ')
      return [{ service, pools, evidenceOf: (says) => [{ source: configPath, says: `${says} for ${pools}` }] }]
    })
}
