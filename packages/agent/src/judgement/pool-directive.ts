/** A directive of a pool as the files on disk have it. */
import type { FpmDirective } from '../readings/fpm-config.ts'
import type { FpmFacts, PoolFacts } from '../survey/host-facts.ts'

/** Undefined where it is not set, or where its value holds a variable that only the master could resolve. */
export function poolDirective(service: FpmFacts, pool: PoolFacts, name: string): FpmDirective | undefined {
  if (!service.config.ok) return undefined
  const directive = service.config.value.pools.find((each) => each.name === pool.name)?.directives.get(name)
  return directive?.variables.length === 0 ? directive : undefined
}
