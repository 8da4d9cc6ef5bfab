/**
 * The hosts of a run found and counted without going through all of them: an event of a big run changes a few, and asks how
 * many of each kind there are. Counts follow from the list alone; those of the list before are carried on to the next.
 */
import type { ChangeGroup, Digest, HostId, Run, RunHost, Standing } from '@fleetmend/shared'
import { failureOf, isCalled, isToBeCalled, standingOf, type Failure } from './host-states.ts'

/** To be read at once: it is counted on when the run moves on. */
export interface Tally {
  readonly standing: Record<Standing, number>
  /** Asked for a plan, and not answered yet. */
  planning: number
  called: number
  /** Of those that had a plan. */
  readonly failures: Record<Failure, number>
  readonly groups: Map<Digest, GroupTally>
}

interface GroupTally {
  toBeCalled: number
  /** At work, or called. */
  underWay: number
  /** Planned and approved, not begun: their turn comes, or they are away. */
  left: number
  failedCanaries: number
  readonly waves: Map<number, Set<HostId>>
  /** -1: none has begun. */
  lastWave: number
}

export function hostOf({ hosts }: Run, id: HostId): RunHost | null {
  return hosts[placeOf(hosts, id)] ?? null
}

/** The run with these in the place of those of the same name. */
export function withHosts(run: Run, changed: readonly RunHost[]): Run {
  if (changed.length === 0) return run
  const hosts = [...run.hosts]
  const tally = known.get(run.hosts)
  for (const host of changed) {
    const place = placeOf(hosts, host.id)
    const before = hosts[place]
    if (!before) continue
    hosts[place] = host
    if (!tally) continue
    count(tally, before, -1)
    count(tally, host, 1)
  }
  // Handed on, not copied. Whoever asks about the run before once more has it counted anew.
  if (tally) {
    known.delete(run.hosts)
    known.set(hosts, tally)
  }
  return { ...run, hosts }
}

export function tallyOf({ hosts }: Run): Readonly<Tally> {
  const before = known.get(hosts)
  if (before) return before
  const tally = emptyTally()
  for (const host of hosts) count(tally, host, 1)
  known.set(hosts, tally)
  return tally
}

export function groupTallyOf(run: Run, { key }: ChangeGroup): Readonly<GroupTally> {
  return tallyOf(run).groups.get(key) ?? emptyGroup()
}

/** The hosts of a wave of a group, by id. */
export function hostsOfWave(run: Run, group: ChangeGroup, wave: number): readonly RunHost[] {
  const ids = groupTallyOf(run, group).waves.get(wave) ?? []
  return [...ids].toSorted().flatMap((id) => hostOf(run, id) ?? [])
}

const known = new WeakMap<readonly RunHost[], Tally>()

/** They are sorted by id. -1: it is not among them. */
function placeOf(hosts: readonly RunHost[], id: HostId): number {
  let [low, high] = [0, hosts.length - 1]
  while (low <= high) {
    const middle = (low + high) >>> 1
    const found = hosts[middle]?.id ?? ''
    if (found === id) return middle
    if (found < id) low = middle + 1
    else high = middle - 1
  }
  return -1
}

function count(tally: Tally, host: RunHost, by: 1 | -1): void {
  const standing = standingOf(host)
  tally.standing[standing] += by
  if (host.state === 'planning') tally.planning += by
  if (isCalled(host)) tally.called += by
  if (standing === 'failed' && host.plan !== null) tally.failures[failureOf(host)] += by
  if (host.group === null) return
  const group = tally.groups.get(host.group) ?? emptyGroup()
  tally.groups.set(host.group, group)
  if (isToBeCalled(host)) group.toBeCalled += by
  if (standing === 'in-flight' || isCalled(host)) group.underWay += by
  if (standing === 'waiting' || standing === 'away') group.left += by
  if (host.wave === undefined) return
  if (host.wave === 0 && standing === 'failed') group.failedCanaries += by
  countWave(group, host.id, host.wave, by)
}

function countWave(group: GroupTally, host: HostId, wave: number, by: 1 | -1): void {
  const { waves } = group
  const hosts = waves.get(wave) ?? new Set()
  if (by > 0) {
    waves.set(wave, hosts.add(host))
    group.lastWave = Math.max(group.lastWave, wave)
    return
  }
  hosts.delete(host)
  if (hosts.size > 0) return
  waves.delete(wave)
  if (wave === group.lastWave) group.lastWave = Math.max(-1, ...waves.keys())
}

function emptyTally(): Tally {
  return {
    standing: { ahead: 0, waiting: 0, away: 0, 'in-flight': 0, done: 0, failed: 0, 'passed-over': 0 },
    planning: 0,
    called: 0,
    failures: { failed: 0, unreachable: 0, 'rolled-back': 0 },
    groups: new Map(),
  }
}

function emptyGroup(): GroupTally {
  return { toBeCalled: 0, underWay: 0, left: 0, failedCanaries: 0, waves: new Map(), lastWave: -1 }
}
