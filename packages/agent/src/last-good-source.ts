/** What a look is given of the configurations that this agent has kept: read when it is asked for, and not before. */
import type { StatePaths } from './state/state-paths.ts'
import type { LastGoodSource } from './survey/last-good-facts.ts'

export function lastGoodSource(paths: Pick<StatePaths, 'lastGood'>): LastGoodSource {
  return async (service) => {
    const { newestGood } = await import('./state/last-good.ts')
    const newest = await newestGood(paths, service)
    if (newest === null) return null
    const { version, standing } = newest
    const { loadedAt, files, patterns } = version
    const loadedAtMs = standing?.loadedMs ?? Date.parse(loadedAt)
    return { loadedAtMs, files, patterns, loadMark: standing?.loadMark ?? null, pidFile: standing?.pidFile ?? null }
  }
}
