/**
 * What visitors of a pool met in the last minutes, from the logs, as far as it can still be so: nothing from before the
 * configuration that holds now was loaded, by FPM or by nginx, and nothing about an address that no site uses.
 */
import type { Evidence } from '@fleetmend/shared'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import type { FpmFacts, HostFacts, PhpLocationFacts, PoolFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { reaches, sitesOf } from './same-address.ts'
import { standingErrorsOf } from './standing-errors.ts'

export const recentMs = 5 * 60_000
/** nginx and FPM log whole seconds, each at its own moment. */
const togetherMs = 2000
/** One alone may have been an odd request; it is worth a note. */
export const enoughToBlame = 2

/** FPM's own lines about a pool. */
export function recentEntries(facts: HostFacts, service: FpmFacts, pool: PoolFacts): readonly FpmLogEntry[] {
  if (!service.master || !service.log.ok) return []
  const since = sinceMs(facts, service)
  return service.log.value.entries.filter(
    (entry) => 'pool' in entry && entry.pool === pool.name && localTimeMs(entry.localTime) > since,
  )
}

/** nginx's lines of these kinds about a pool, by addresses that its sites name. */
export function recentErrors(
  facts: HostFacts,
  service: FpmFacts,
  pool: PoolFacts,
  kinds: readonly NginxErrorEntry['kind'][],
): readonly NginxErrorEntry[] {
  const since = sinceMs(facts, service)
  return standingErrorsOf(facts, pool, kinds, recentMs).filter(({ localTime }) => localTimeMs(localTime) > since)
}

/** Locations that hand requests to this pool. */
export function locationsOf(facts: HostFacts, pool: PoolFacts): readonly PhpLocationFacts[] {
  return sitesOf(facts, [pool])
    .flatMap(({ phpLocations }) => phpLocations)
    .filter(({ passes }) => passes.some(({ address }) => pool.listen !== null && reaches(address, pool.listen)))
}

export function isTogether(
  a: { readonly localTime: string | null },
  b: { readonly localTime: string | null },
): boolean {
  return Math.abs(localTimeMs(a.localTime) - localTimeMs(b.localTime)) <= togetherMs
}

/** Requests that nginx saw reset at the moments of these lines of FPM: what they cost visitors. */
export function resetsBeside(
  facts: HostFacts,
  service: FpmFacts,
  pool: PoolFacts,
  entries: readonly FpmLogEntry[],
): { readonly count: number; readonly evidence: readonly Evidence[] } {
  const resets = recentErrors(facts, service, pool, ['reset-before-header', 'reset-after-header']).filter((reset) =>
    entries.some((entry) => isTogether(entry, reset)),
  )
  if (resets.length === 0) return { count: 0, evidence: [] }
  const page = mostAskedFor(resets)
  const says = `${times(resets.length, 'request')} reset at those moments (104)${page === null ? '' : `, mostly ${page}`}`
  return { count: resets.length, evidence: [newestEvidence('nginx error log', says, resets)] }
}

/** The newest of several lines, and how many there are. */
export function newestEvidence(
  source: string,
  says: string,
  entries: readonly { readonly localTime: string | null }[],
): Evidence {
  const newest = Math.max(...entries.map(({ localTime }) => localTimeMs(localTime)))
  return { source, says, at: instantOf(newest) }
}

/**
 * The page that most of these lines are about, without its query. Visitors wrote it: for people to read, cut short, and
 * only of what is printable.
 */
export function mostAskedFor(entries: readonly NginxErrorEntry[]): string | null {
  const paths = entries.flatMap(
    ({ request }) => /^[A-Z]+ (\/[!-~]{0,79})[!-~]* HTTP/.exec(request ?? '')?.[1]?.split('?')[0] ?? [],
  )
  const counted = [...Map.groupBy(paths, (path) => path)].toSorted(([, a], [, b]) => b.length - a.length)
  return counted[0]?.[0] ?? null
}

export function times(count: number, thing: string): string {
  return `${count} ${thing}${count === 1 ? '' : 's'}`
}

/**
 * The log tells the load to the second, and its own second counts as before. What was written in the second of this
 * look holds, though: the probes were made in it.
 */
function sinceMs(facts: HostFacts, service: FpmFacts): number {
  const thisSecondMs = Math.floor(facts.takenAtMs / 1000) * 1000
  return Math.max(facts.takenAtMs - recentMs, Math.min(service.loadedAtMs ?? 0, thisSecondMs - 1))
}
