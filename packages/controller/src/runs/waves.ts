/**
 * Which hosts are called next. In each change group a canary goes first, and the rest waits for what became of it; then come
 * batches, each called when the one before is over and what the run wants between them is there. Pure.
 */
import { shareOf, undoRemediation, type ChangeGroup, type HostId, type Run, type RunHost } from '@fleetmend/shared'
import { isCalled, isToBeCalled, standingOf } from './host-states.ts'
import { groupTallyOf, hostOf, hostsOfWave, tallyOf } from './host-tally.ts'

/**
 * What the next wave of a group waits for. closed: the wave before it · watched: that the wave before it stays well · held: a
 * person's word · open: nothing · over: there is no next one.
 */
export type Gate = 'closed' | 'watched' | 'held' | 'open' | 'over'

/** Hosts that begin as soon as there is room for them. */
export interface Wave {
  readonly wave: number
  readonly hosts: readonly HostId[]
}

/** The waves that begin now, of as many groups as may be at work at the same time. */
export function nextWaves(run: Run): readonly Wave[] {
  const next: Wave[] = []
  let groupsFree = run.limits.groupsAtOnce - run.groups.filter((group) => isBusy(run, group)).length
  for (const group of run.groups) {
    if (groupsFree <= 0) break
    if (gateOf(run, group) !== 'open') continue
    next.push(nextWave(run, group))
    groupsFree--
  }
  return next
}

/** At work, called, or looked after: nobody else takes its place among the groups at work. */
function isBusy(run: Run, group: ChangeGroup): boolean {
  return ['closed', 'watched'].includes(gateOf(run, group)) || groupTallyOf(run, group).underWay > 0
}

export function gateOf(run: Run, group: ChangeGroup): Gate {
  const { toBeCalled, underWay, lastWave } = groupTallyOf(run, group)
  if (toBeCalled === 0) return 'over'
  if (underWay > 0) return 'closed'
  const wave = nextWaveOf(run, group)
  const isPromoted = (group.promoted?.wave ?? 0) >= wave && wave > 0
  if (isPromoted || wave === 0) return 'open'
  if (canariesOf(run, group).some((host) => !passesAsCanary(host, group)))
    return lastWave > 0 ? between(run, group) : 'held'
  return between(run, group)
}

/** What a run wants after each wave before the next. A wave in which nothing was changed is nothing to wait for. */
function between(run: Run, group: ChangeGroup): Gate {
  const { between: wanted } = run.waves
  if (wanted === undefined || changedInLastWave(run, group).length === 0) return 'open'
  if (wanted === 'promote') return 'held'
  const { watched } = group
  if (watched === undefined || watched.wave < groupTallyOf(run, group).lastWave || watched.unwell === null)
    return 'watched'
  return watched.unwell.length === 0 ? 'open' : 'held'
}

/** The hosts whose change is in place since the last wave: those that must stay well. */
export function changedInLastWave(run: Run, group: ChangeGroup): readonly RunHost[] {
  const { lastWave } = groupTallyOf(run, group)
  return hostsOfWave(run, group, lastWave).filter((host) => standingOf(host) === 'done')
}

/** 0 for a canary. */
export function nextWaveOf(run: Run, group: ChangeGroup): number {
  const { lastWave } = groupTallyOf(run, group)
  if (lastWave > 0 || group.promoted !== null) return Math.max(lastWave, 0) + 1
  return canariesOf(run, group).length < canariesWanted(run, group) ? 0 : 1
}

function nextWave(run: Run, group: ChangeGroup): Wave {
  const wave = nextWaveOf(run, group)
  const { ramp = [], batchHosts } = run.waves
  const size =
    wave === 0
      ? canariesWanted(run, group) - canariesOf(run, group).length
      : Math.max(1, shareOf(ramp[wave - 1] ?? batchHosts, group.hosts.length))
  const members = membersOf(run, group).filter(isToBeCalled)
  const hosts = (wave === 0 ? canariesFirst(run, members) : members).slice(0, size).map(({ id }) => id)
  return { wave, hosts }
}

/** Those that began first. One that was passed over, or went away, taught nothing: another one takes its place. */
export function canariesOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  return hostsOfWave(run, group, 0).filter((host) => standingOf(host) !== 'passed-over')
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

export function membersOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  return group.hosts.flatMap((id) => hostOf(run, id) ?? [])
}

/** Hosts of waves that have begun, which only wait until there is room: no more than may be at work at once. */
export function calledHosts(run: Run): readonly HostId[] {
  const { called, standing } = tallyOf(run)
  const most = Math.min(called, (run.limits.hostsAtOnce ?? Number.POSITIVE_INFINITY) - standing['in-flight'])
  const hosts: HostId[] = []
  for (const host of run.hosts) {
    if (hosts.length >= most) break
    if (isCalled(host)) hosts.push(host.id)
  }
  return hosts
}

function canariesWanted(run: Run, group: ChangeGroup): number {
  return Math.min(shareOf(run.waves.canaryHosts, group.hosts.length), group.hosts.length)
}

function canariesFirst(run: Run, hosts: readonly RunHost[]): readonly RunHost[] {
  const wanted = new Set(run.canaries)
  return hosts.toSorted((a, b) => Number(wanted.has(b.id)) - Number(wanted.has(a.id)))
}
