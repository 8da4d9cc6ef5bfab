/** Whether a pool had all of its workers in use lately, by FPM's own word, for the size that it still has. */
import { localTimeMs } from '../readings/log-time.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../survey/host-facts.ts'

const latelyMs = 60 * 60_000

/** Lines of its log, oldest first. FPM writes one in an episode, and never for pm = static. */
export function atLimitLately(facts: Pick<HostFacts, 'takenAtMs'>, { log, loadedAtMs }: FpmFacts, pool: PoolFacts) {
  const since = Math.max(facts.takenAtMs - latelyMs, loadedAtMs ?? 0)
  return (log.ok ? log.value.entries : []).filter(
    (entry) =>
      entry.event === 'max-children' &&
      entry.pool === pool.name &&
      entry.maxChildren === pool.maxChildren &&
      localTimeMs(entry.localTime) >= since,
  )
}
