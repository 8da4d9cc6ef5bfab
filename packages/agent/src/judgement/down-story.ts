/** How a PHP-FPM came to be down: by its unit where it has one, else by what it wrote and left behind. */
import type { Evidence } from '@fleetmend/shared'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { FpmFacts, HostFacts, PidFileFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'
import { stopStory, type StopStory } from './stop-story.ts'
import { hasUnit, isStoodInFor } from './unit-service.ts'

export type DownStory =
  | StopStory
  /** It was sent SIGTERM or SIGQUIT, and ended as told. */
  | { readonly how: 'told-to-end'; readonly atMs: number | null; readonly evidence: readonly Evidence[] }
  /** It does not run, and nothing tells since when. */
  | { readonly how: 'not-known'; readonly evidence: readonly Evidence[] }

export function downStory(service: FpmFacts): DownStory {
  if (isStoodInFor(service)) return { how: 'up' }
  if (hasUnit(service)) return stopStory(service)
  return service.master ? { how: 'up' } : storyOfItsOwn(service)
}

/** A clean end is FPM's last word, and takes the pid file away; a kill leaves neither the one nor does the other. */
function storyOfItsOwn({ log, pidFile, service }: FpmFacts): DownStory {
  const left = pidFile ? [pidFileEvidence(pidFile)] : []
  const lines = log.ok ? log.value.entries : []
  const source = log.ok ? log.value.path : ''
  const begun = lines.findLastIndex(({ event }) => event === 'running' || event === 'ready')
  const end = lines.findLastIndex(({ event }) => event === 'bye')
  const ended = lines[end]
  // PHP can write such a line, too, where its output goes to the log as it is; the pid file would still be there.
  if (ended && end > begun && !pidFile) {
    const told = lines.slice(0, end).findLast(({ event }) => event === 'terminating' || event === 'finishing')
    const evidence = [told, ended].flatMap((entry) => (entry ? [lineEvidence(source, entry)] : []))
    return { how: 'told-to-end', atMs: timeOf(ended), evidence }
  }
  const last = lines.at(-1)
  if (!pidFile && begun < 0)
    return { how: 'not-known', evidence: [{ source: '/proc', says: `no master of ${service}` }] }
  const heard = last && timeOf(last) !== null ? `, some time after ${instantOf(localTimeMs(last.localTime))}` : ''
  return {
    how: 'crashed',
    atMs: null,
    says: `died without a word${heard}`,
    evidence: [...left, ...(last ? [lineEvidence(source, last)] : [])],
  }
}

/** Workers outlive a master that is killed alone, and go on taking requests; none comes after them. */
export function orphansOf({ nginx }: HostFacts, { pools, master }: FpmFacts): readonly number[] {
  if (master) return []
  const meant = nginx.upstreams.filter(({ address }) => pools.some(({ listen }) => listen === address))
  const workers = meant
    .flatMap(({ holders }) => holders ?? [])
    .filter(({ title }) => title.startsWith('php-fpm: pool '))
  return [...new Set(workers.map(({ pid }) => pid))]
}

export function pidFileEvidence({ path, pid, writtenMs }: PidFileFacts): Evidence {
  return { source: path, says: `left behind; it names process ${pid}, which is gone`, at: instantOf(writtenMs) }
}

function lineEvidence(source: string, entry: FpmLogEntry): Evidence {
  const ms = timeOf(entry)
  return { source, says: entry.text.slice(0, 300), ...(ms === null ? {} : { at: instantOf(ms) }) }
}

function timeOf({ localTime }: FpmLogEntry): number | null {
  const ms = localTimeMs(localTime)
  return ms > 0 ? ms : null
}
