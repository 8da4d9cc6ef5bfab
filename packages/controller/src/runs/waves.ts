/**
 * Which hosts begin next. In each change group a canary goes first, and the rest waits for what became of it; then come
 * batches, each begun when the one before is over. Pure.
 */
import type { ChangeGroup, HostId, Run, RunHost } from '@fleetmend/shared'
import { standingOf } from './host-states.ts'

/** closed: canaries are still to come or at work · held: they did not pass, and the rest needs a person's word · open. */
export type Gate = 'closed' | 'held' | 'open'

export function nextHosts(run: Run): readonly HostId[] {
  const next: HostId[] = []
  let groupsFree = run.limits.groupsAtOnce - run.groups.filter((group) => isAtWork(run, group)).length
  for (const group of run.groups) {
    if (groupsFree <= 0) break
    const wave = isAtWork(run, group) ? [] : nextWave(run, group)
    if (wave.length === 0) continue
    next.push(...wave.map(({ id }) => id))
    groupsFree--
  }
  return next
}

export function gateOf(run: Run, group: ChangeGroup): Gate {
  if (group.promoted) return 'open'
  const canaries = canariesOf(run, group)
  if (canaries.every(passesAsCanary)) return 'open'
  return canaries.some((host) => ['waiting', 'in-flight', 'ahead'].includes(standingOf(host))) ? 'closed' : 'held'
}

/** The first hosts of the group. One that was passed over taught nothing: the next host takes its place. */
export function canariesOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  return membersOf(run, group)
    .filter((host) => standingOf(host) !== 'passed-over')
    .slice(0, run.waves.canaryHosts)
}

/** Without traffic to judge by, the requests that were made on purpose must have been answered. */
export function passesAsCanary(host: RunHost): boolean {
  return (
    host.state === 'fixed' ||
    host.state === 'cleared-still-failing' ||
    (host.state === 'inconclusive' && host.probesPass)
  )
}

export function membersOf(run: Run, group: ChangeGroup): readonly RunHost[] {
  const ids = new Set(group.hosts)
  return run.hosts.filter(({ id }) => ids.has(id))
}

function isAtWork(run: Run, group: ChangeGroup): boolean {
  return membersOf(run, group).some((host) => standingOf(host) === 'in-flight')
}

function nextWave(run: Run, group: ChangeGroup): readonly RunHost[] {
  switch (gateOf(run, group)) {
    case 'open':
      return membersOf(run, group).filter(isWaiting).slice(0, run.waves.batchHosts)
    case 'closed':
      return canariesOf(run, group).filter(isWaiting)
    case 'held':
      return []
  }
}

function isWaiting(host: RunHost): boolean {
  return standingOf(host) === 'waiting'
}
