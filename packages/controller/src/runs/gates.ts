/**
 * What the next wave of each change group waits for. Kept from event to event, as an event changes a group or two of what may
 * be thousands; it follows from the run alone. Pure.
 */
import { shareOf, undoRemediation, type ChangeGroup, type Digest, type Run, type RunHost } from '@fleetmend/shared'
import { groupOf, groupsChanged, orderOf, placeOf } from './group-list.ts'
import { groupTallyOf, placesChanged, tallyOf, type Tally } from './host-tally.ts'
import { putInto, takeOutOf } from './sorted-numbers.ts'

/**
 * closed: the wave before it · watched: that the wave before it stays well · held: a person's word · open: nothing · over:
 * there is no next one.
 */
export type Gate = 'closed' | 'watched' | 'held' | 'open' | 'over'

/** Places of groups in the run, each list in order. To be read at once: they are kept up when the run moves on. */
export interface Gates {
  readonly open: readonly number[]
  readonly held: readonly number[]
  readonly watched: readonly number[]
  /** Their last wave must stay well, and nobody watches it yet. */
  readonly toWatch: readonly number[]
  /** At work, called, or looked after: nobody else takes its place among the groups at work. */
  readonly busy: readonly number[]
  /** Somebody looks whether it stays well, and the time is not up. */
  readonly looking: readonly number[]
}

type Kind = keyof Gates

export function gatesOf(run: Run): Gates {
  const tally = tallyOf(run)
  const before = known.get(tally)
  const changed = before ? groupsBetween(before.of, run) : null
  const gates = before && changed ? before.gates : noGates()
  for (const group of changed ?? run.groups) mark(gates, run, group)
  known.set(tally, { gates, of: run })
  return gates
}

export function gateOf(run: Run, group: ChangeGroup): Gate {
  const { toBeCalled, underWay, lastWave, canaries } = groupTallyOf(run, group)
  if (toBeCalled.length === 0) return 'over'
  if (underWay > 0) return 'closed'
  const wave = nextWaveOf(run, group)
  const isPromoted = (group.promoted?.wave ?? 0) >= wave && wave > 0
  if (isPromoted || wave === 0) return 'open'
  const passed = canaries.passed + (takesBack(group) ? 0 : canaries.stillFailing)
  if (passed < canaries.all) return lastWave > 0 ? between(run, group) : 'held'
  return between(run, group)
}

/** What a run wants after each wave before the next. A wave in which nothing was changed is nothing to wait for. */
function between(run: Run, group: ChangeGroup): Gate {
  const { between: wanted } = run.waves
  const { waves, lastWave } = groupTallyOf(run, group)
  if (wanted === undefined || (waves.get(lastWave)?.done ?? 0) === 0) return 'open'
  if (wanted === 'promote') return 'held'
  const { watched } = group
  if (watched === undefined || watched.wave < lastWave || watched.unwell === null) return 'watched'
  return watched.unwell.length === 0 ? 'open' : 'held'
}

/** 0 for a canary. */
export function nextWaveOf(run: Run, group: ChangeGroup): number {
  const { lastWave, canaries } = groupTallyOf(run, group)
  if (lastWave > 0 || group.promoted !== null) return Math.max(lastWave, 0) + 1
  return canaries.all < canariesWanted(run, group) ? 0 : 1
}

export function canariesWanted(run: Run, group: ChangeGroup): number {
  return Math.min(shareOf(run.waves.canaryHosts, group.hosts.length), group.hosts.length)
}

/**
 * Without traffic to judge by, the requests that were made on purpose must have been answered. Where something is taken back
 * and the host fails with it, as it may, a person says whether the others shall, too.
 */
export function passesAsCanary(host: RunHost, group: ChangeGroup): boolean {
  return (
    host.state === 'fixed' ||
    (host.state === 'cleared-still-failing' && !takesBack(group)) ||
    (host.state === 'inconclusive' && host.probesPass)
  )
}

export function takesBack({ remediations }: ChangeGroup): boolean {
  return remediations.some(({ id }) => id === undoRemediation)
}

interface Kept {
  readonly gates: Record<Kind, number[]>
  readonly of: Run
}

const known = new WeakMap<Readonly<Tally>, Kept>()

/** Those whose gates may not be what they were; null: any of them. */
function groupsBetween(before: Run, run: Run): readonly ChangeGroup[] | null {
  if (before.waves !== run.waves || orderOf(before.groups) !== orderOf(run.groups)) return null
  const ofHosts = placesChanged(before.hosts, run.hosts).flatMap((place) => run.hosts[place]?.group ?? [])
  const keys = new Set<Digest>([...ofHosts, ...groupsChanged(before.groups, run.groups)])
  return [...keys].flatMap((key) => groupOf(run, key) ?? [])
}

function mark(gates: Kept['gates'], run: Run, group: ChangeGroup): void {
  const place = placeOf(run.groups, group)
  const gate = gateOf(run, group)
  const { underWay, lastWave } = groupTallyOf(run, group)
  const is: Record<Kind, boolean> = {
    open: gate === 'open',
    held: gate === 'held',
    watched: gate === 'watched',
    toWatch: gate === 'watched' && group.watched?.wave !== lastWave,
    busy: underWay > 0 || gate === 'closed' || gate === 'watched',
    looking: group.watched?.unwell === null,
  }
  for (const kind of kinds)
    if (is[kind]) putInto(gates[kind], place)
    else takeOutOf(gates[kind], place)
}

const kinds = ['open', 'held', 'watched', 'toWatch', 'busy', 'looking'] as const

function noGates(): Kept['gates'] {
  return { open: [], held: [], watched: [], toWatch: [], busy: [], looking: [] }
}
