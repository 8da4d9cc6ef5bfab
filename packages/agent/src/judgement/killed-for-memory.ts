/** Which deaths of workers were the kernel's, for memory: only with the kernel's own word (reference C.3, G.6). */
import type { Evidence } from '@fleetmend/shared'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import { localTimeMs } from '../readings/log-time.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'

export interface KilledForMemory {
  readonly deaths: readonly Death[]
  /** Whose limit it was; null: the host's, or not said. */
  readonly limitMiB: number | null
  readonly evidence: readonly Evidence[]
}

type Death = Extract<FpmLogEntry, { readonly event: 'child-signalled' }>

const recentMs = 5 * 60_000
/** FPM logs whole seconds; the kernel's time is exact. */
const togetherMs = 2000

/** Of the last minutes; null when there were none, or the kernel did not say so. */
export function killedForMemory(facts: HostFacts, service: FpmFacts): KilledForMemory | null {
  if (!service.log.ok) return null
  const all = service.log.value.entries.filter(
    (entry): entry is Death => entry.event === 'child-signalled' && entry.signal === 9,
  )
  const since = Math.max(facts.takenAtMs - recentMs, service.loadedAtMs ?? 0)
  const recent = all.filter((death) => localTimeMs(death.localTime) >= since)
  const death = recent.at(-1)
  if (!death) return null
  const records = kernelRecords(facts, service, recent)
  const counted = countedKills(facts, service, all)
  if (records.length === 0 && counted.length === 0) return null
  const limit = facts.memory?.cgroupLimitMiB.get(service.service)
  return {
    deaths: recent,
    limitMiB: limit?.limitMiB ?? null,
    evidence: [
      { source: service.log.value.path, says: death.text, at: instantOf(localTimeMs(death.localTime)) },
      ...records,
      ...counted,
    ],
  }
}

/** In a container the kernel counts processes otherwise; there only the cgroup tells whose they were. */
function kernelRecords({ capacity }: HostFacts, { unit }: FpmFacts, deaths: readonly Death[]): readonly Evidence[] {
  if (!capacity.oomKills?.ok) return []
  const kill = capacity.oomKills.value.findLast(({ atMs, pid, cgroup }) =>
    deaths.some(
      (death) =>
        Math.abs(localTimeMs(death.localTime) - atMs) <= togetherMs &&
        (cgroup === null ? pid === death.pid : isWithin(cgroup, unit?.controlGroup ?? '')),
    ),
  )
  return kill ? [{ source: 'journalctl --dmesg', says: kill.says, at: instantOf(kill.atMs) }] : []
}

function isWithin(cgroup: string, controlGroup: string): boolean {
  return controlGroup.length > 1 && (cgroup.endsWith(controlGroup) || cgroup.includes(`${controlGroup}/`))
}

/** The counter of the service's own cgroup has no time; it must account for every death of this kind since the start. */
function countedKills(
  { capacity }: HostFacts,
  { service, unit }: FpmFacts,
  all: readonly Death[],
): readonly Evidence[] {
  const memory = capacity.fpm.get(service)?.memory
  if (!memory || memory.path === '/' || memory.oomKills === null || memory.oomKills === 0) return []
  const sinceStart = all.filter((death) => localTimeMs(death.localTime) >= (unit?.execMainStartedMs ?? 0))
  if (sinceStart.length > memory.oomKills) return []
  const file = memory.version === 2 ? 'memory.events' : 'memory.oom_control'
  return [
    {
      source: `${memory.folder}/${file}`,
      says: `oom_kill ${memory.oomKills}: the kernel has killed ${memory.oomKills === 1 ? 'one process' : `${memory.oomKills} processes`} of this cgroup for memory`,
    },
  ]
}
