/** Lines of nginx's error log that still hold: recent, written by a worker that still runs, under the configuration that holds now. */
import { localTimeMs } from '../readings/log-time.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import { loggedUpstreamAddress } from '../readings/nginx-upstream-address.ts'
import type { HostFacts, PoolFacts } from '../survey/host-facts.ts'
import { reaches, sitesOf } from './same-address.ts'

type Kind = NginxErrorEntry['kind']

/** nginx logs whole seconds, cut off. */
const cutOffMs = 999

/**
 * A message of PHP may go over several lines, and one of them may look like a line of nginx. What it cannot know is which
 * process of nginx wrote it.
 */
export function standingErrors(facts: HostFacts, kinds: readonly Kind[], withinMs: number): readonly NginxErrorEntry[] {
  const { errors, loadedAtMs, workerPids } = facts.nginx
  const since = Math.max(facts.takenAtMs - withinMs, (loadedAtMs ?? 0) - cutOffMs)
  return errors.filter(
    (entry) => kinds.includes(entry.kind) && localTimeMs(entry.localTime) >= since && workerPids.includes(entry.pid),
  )
}

/** Those about one pool: by an address that the configuration names, never by what else a line says. */
export function standingErrorsOf(
  facts: HostFacts,
  pool: PoolFacts,
  kinds: readonly Kind[],
  withinMs: number,
): readonly NginxErrorEntry[] {
  const { listen } = pool
  if (listen === null) return []
  const named = new Set(
    sitesOf(facts, [pool])
      .flatMap(({ phpLocations }) =>
        phpLocations.flatMap(({ passes }) => passes.filter(({ address }) => reaches(address, listen))),
      )
      .map((pass) => pass.named),
  )
  return standingErrors(facts, kinds, withinMs).filter((entry) => {
    const address = loggedUpstreamAddress(entry.upstream ?? '')
    return address !== null && (named.has(address) || reaches(address, listen))
  })
}

export function newestMs(entries: readonly NginxErrorEntry[]): number {
  return Math.max(0, ...entries.map(({ localTime }) => localTimeMs(localTime)))
}
