/** The file in which a pool is configured, for a person to edit. */
import type { FpmFacts, PoolFacts } from '../survey/host-facts.ts'
import { listenWritten } from './upstream-words.ts'

export function poolFile(service: FpmFacts, pool: PoolFacts): string {
  return listenWritten(service, pool)?.at.replace(/:\d+$/, '') ?? service.configPath
}
