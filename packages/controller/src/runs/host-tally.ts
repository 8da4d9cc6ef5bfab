/**
 * The hosts of a run found and counted without going through all of them: an event of a big run changes a few, and asks how
 * many of each kind there are. Counts follow from the list alone; those of the list before are carried on to the next.
 */
import type { ChangeGroup, Digest, HostId, Run, RunHost, Standing } from '@fleetmend/shared'
import { changeLog } from './change-log.ts'
import { failureOf, isCalled, isToBeCalled, standingOf, type Failure } from './host-states.ts'
import { putInto, takeOutOf } from './sorted-numbers.ts'

/** To be read at once: it is counted on when the run moves on. */
export interface Tally {
  readonly standing: Record<Standing, number>
  /** Asked for a plan, and not answered yet. */
  planning: number
  /** The places of those that were called, in order. */
  readonly called: number[]
  /** Of those that had a plan. */
  readonly failures: Record<Failure, number>
  readonly groups: Map<Digest, GroupTally>
  /** Groups of which a canary failed and others are left. */
  readonly stopping: Set<Digest>
}

export interface GroupTally {
  /** Their places, in order. */
  readonly toBeCalled: number[]
  /** At work, or called. */
  underWay: number
  /** Planned and approved, not begun: their turn comes, or they are away. */
  left: number
  readonly canaries: CanaryTally
  readonly waves: Map<number, WaveTally>
  /** -1: none has begun. */
  lastWave: number
}

/** Of the first wave, but for those that were passed over, which taught nothing. */
interface CanaryTally {
  all: number
  failed: number
  /** Fixed, or with no traffic to judge by and every request answered that was made on purpose. */
  passed: number
  stillFailing: number
}

interface WaveTally {
  readonly hosts: Set<HostId>
  done: number
}

export function hostOf({ hosts }: Run, id: HostId): RunHost | null {
  return hosts[placeOf(hosts, id)] ?? null
}

/** The run with these in the place of those of the same name. */
export function withHosts(run: Run, changed: readonly RunHost[]): Run {
  if (changed.length === 0) return run
  const hosts = [...run.hosts]
  const tally = known.get(run.hosts)
  const places: number[] = []
  for (const host of changed) {
    const place = placeOf(hosts, host.id)
    const before = hosts[place]
    if (!before) continue
    hosts[place] = host
    places.push(place)
    if (!tally) continue
    count(tally, before, place, -1)
    count(tally, host, place, 1)
  }
  // Handed on, not copied. Whoever asks about the run before once more has it counted anew.
  if (tally) {
    known.delete(run.hosts)
    known.set(hosts, tally)
  }
  log.note(run.hosts, hosts, places)
  return { ...run, hosts }
}

/** The places, in order, at which a later list of the same hosts has others than the one before. */
export function placesChanged(before: readonly RunHost[], after: readonly RunHost[]): readonly number[] {
  const named = log.between(before, after)
  const places = named === null ? [...after.keys()] : [...new Set(named)].toSorted((a, b) => a - b)
  return places.filter((place) => before[place] !== after[place])
}

export function tallyOf({ hosts }: Pick<Run, 'hosts'>): Readonly<Tally> {
  const before = known.get(hosts)
  if (before) return before
  const tally = emptyTally()
  for (const [place, host] of hosts.entries()) count(tally, host, place, 1)
  known.set(hosts, tally)
  return tally
}

export function groupTallyOf(run: Run, { key }: Pick<ChangeGroup, 'key'>): Readonly<GroupTally> {
  return tallyOf(run).groups.get(key) ?? emptyGroup()
}

/** The hosts of a wave of a group, by id. */
export function hostsOfWave(run: Run, group: ChangeGroup, wave: number): readonly RunHost[] {
  const ids = groupTallyOf(run, group).waves.get(wave)?.hosts ?? []
  return [...ids].toSorted().flatMap((id) => hostOf(run, id) ?? [])
}

const known = new WeakMap<readonly RunHost[], Tally>()
const log = changeLog<RunHost, number>()

/** They are sorted by id. -1: it is not among them. */
export function placeOf(hosts: readonly RunHost[], id: HostId): number {
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

function count(tally: Tally, host: RunHost, place: number, by: 1 | -1): void {
  const standing = standingOf(host)
  tally.standing[standing] += by
  if (host.state === 'planning') tally.planning += by
  if (isCalled(host)) mark(tally.called, place, by)
  if (standing === 'failed' && host.plan !== null) tally.failures[failureOf(host)] += by
  if (host.group === null) return
  const group = tally.groups.get(host.group) ?? emptyGroup()
  tally.groups.set(host.group, group)
  if (isToBeCalled(host)) mark(group.toBeCalled, place, by)
  if (standing === 'in-flight' || isCalled(host)) group.underWay += by
  if (standing === 'waiting' || standing === 'away') group.left += by
  if (host.wave === 0) countCanary(group.canaries, host, standing, by)
  if (host.wave !== undefined) countWave(group, host.id, host.wave, standing, by)
  if (group.canaries.failed > 0 && group.left > 0) tally.stopping.add(host.group)
  else tally.stopping.delete(host.group)
}

function mark(places: number[], place: number, by: 1 | -1): void {
  if (by > 0) putInto(places, place)
  else takeOutOf(places, place)
}

function countCanary(canaries: CanaryTally, { state, probesPass }: RunHost, standing: Standing, by: 1 | -1): void {
  if (standing === 'passed-over') return
  canaries.all += by
  if (standing === 'failed') canaries.failed += by
  if (state === 'fixed' || (state === 'inconclusive' && probesPass)) canaries.passed += by
  if (state === 'cleared-still-failing') canaries.stillFailing += by
}

function countWave(group: GroupTally, host: HostId, number: number, standing: Standing, by: 1 | -1): void {
  const { waves } = group
  const wave = waves.get(number) ?? { hosts: new Set(), done: 0 }
  if (standing === 'done') wave.done += by
  if (by > 0) {
    wave.hosts.add(host)
    waves.set(number, wave)
    group.lastWave = Math.max(group.lastWave, number)
    return
  }
  wave.hosts.delete(host)
  if (wave.hosts.size > 0) return
  waves.delete(number)
  while (group.lastWave >= 0 && !waves.has(group.lastWave)) group.lastWave--
}

function emptyTally(): Tally {
  return {
    standing: { ahead: 0, waiting: 0, away: 0, 'in-flight': 0, done: 0, failed: 0, 'passed-over': 0 },
    planning: 0,
    called: [],
    failures: { failed: 0, unreachable: 0, 'rolled-back': 0 },
    groups: new Map(),
    stopping: new Set(),
  }
}

function emptyGroup(): GroupTally {
  return {
    toBeCalled: [],
    underWay: 0,
    left: 0,
    canaries: { all: 0, failed: 0, passed: 0, stillFailing: 0 },
    waves: new Map(),
    lastWave: -1,
  }
}
