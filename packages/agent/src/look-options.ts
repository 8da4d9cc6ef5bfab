/** What a look at the own host is given: what root says of its sites, and the configurations that this agent has kept. */
import type { Policy } from '@fleetmend/shared'
import type { StatePaths } from './state/state-paths.ts'
import type { LastGoodSource } from './survey/last-good-facts.ts'
import type { LookOptions } from './survey/look.ts'

type Kept = Pick<StatePaths, 'lastGood'>

export function lookOptions(
  paths: Kept,
  { canaryPaths }: Pick<Policy, 'canaryPaths'>,
): Pick<LookOptions, 'canaryPaths' | 'lastGood'> {
  return { canaryPaths, lastGood: lastGoodSource(paths) }
}

/** Read when it is asked for, and not before. */
function lastGoodSource(paths: Kept): LastGoodSource {
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
