/**
 * Which hosts are called next. In each change group a canary goes first, and the rest waits for what became of it; then come
 * batches, each called when the one before is over and what the run wants between them is there. Pure.
 */
import { shareOf, type ChangeGroup, type HostId, type Run, type RunHost } from '@fleetmend/shared'
import { canariesWanted, gatesOf, nextWaveOf } from './gates.ts'
import { isCalled, standingOf } from './host-states.ts'
import { groupTallyOf, hostOf, hostsOfWave, placeOf, tallyOf } from './host-tally.ts'

/** Hosts that begin as soon as there is room for them. */
export interface Wave {
  readonly wave: number
  readonly hosts: readonly HostId[]
}

/** The waves that begin now, of as many groups as may be at work at the same time. */
export function nextWaves(run: Run): readonly Wave[] {
  const { open, busy } = gatesOf(run)
  const groupsFree = Math.max(run.limits.groupsAtOnce - busy.length, 0)
  return open.slice(0, groupsFree).flatMap((place) => (run.groups[place] ? nextWave(run, run.groups[place]) : []))
}

/** The hosts whose change is in place since the last wave: those that must stay well. */
export function changedInLastWave(run: Run, group: ChangeGroup): readonly RunHost[] {
  const { lastWave } = groupTallyOf(run, group)
  return hostsOfWave(run, group, lastWave).filter((host) => standingOf(host) === 'done')
}

function nextWave(run: Run, group: ChangeGroup): Wave {
  const wave = nextWaveOf(run, group)
  const { toBeCalled, canaries } = groupTallyOf(run, group)
  const { ramp = [], batchHosts } = run.waves
  const size =
    wave === 0
      ? canariesWanted(run, group) - canaries.all
      : Math.max(1, shareOf(ramp[wave - 1] ?? batchHosts, group.hosts.length))
  const places = wave === 0 ? canariesFirst(run, toBeCalled) : toBeCalled
  return { wave, hosts: places.slice(0, size).flatMap((place) => run.hosts[place]?.id ?? []) }
}

/** Those that began first. One that was passed over, or went away, taught nothing: another one takes its place. */
export function canariesOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  return hostsOfWave(run, group, 0).filter((host) => standingOf(host) !== 'passed-over')
}

/** Hosts of waves that have begun, which only wait until there is room: no more than may be at work at once. */
export function calledHosts(run: Run): readonly HostId[] {
  const places = tallyOf(run).called.slice(0, countCalled(run))
  return places.flatMap((place) => run.hosts[place]?.id ?? [])
}

export function countCalled(run: Run): number {
  const { called, standing } = tallyOf(run)
  const { hostsAtOnce = Number.POSITIVE_INFINITY } = run.limits
  return Math.max(Math.min(called.length, hostsAtOnce - standing['in-flight']), 0)
}

/** Null: nobody is. */
export function lastCalled(run: Run): RunHost | null {
  const place = tallyOf(run).called[countCalled(run) - 1]
  return place === undefined ? null : (run.hosts[place] ?? null)
}

export function isCalledIn(run: Run, id: HostId): boolean {
  const [host, last] = [hostOf(run, id), lastCalled(run)]
  return host !== null && last !== null && isCalled(host) && host.id <= last.id
}

function canariesFirst(run: Run, places: readonly number[]): readonly number[] {
  const wanted = canaryPlaces(run)
  return [...places.filter((place) => wanted.has(place)), ...places.filter((place) => !wanted.has(place))]
}

/** Of each run once: with every host a change of its own, each begins with a canary. */
const placesOfCanaries = new WeakMap<readonly HostId[], ReadonlySet<number>>()

function canaryPlaces({ canaries, hosts }: Run): ReadonlySet<number> {
  const known = placesOfCanaries.get(canaries)
  if (known) return known
  const places = new Set(canaries.map((id) => placeOf(hosts, id)))
  placesOfCanaries.set(canaries, places)
  return places
}
