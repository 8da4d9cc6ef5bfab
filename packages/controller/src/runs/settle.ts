/**
 * What follows from the outcomes so far: the next hosts begin, or the run stops, waits for a person, or ends. Called after
 * everything that may have changed the answer. Pure.
 */
import type { ChangeGroup, HostId, Instant, Run, RunHost } from '@fleetmend/shared'
import type { Command } from './command.ts'
import { gatesOf, passesAsCanary } from './gates.ts'
import { withGroup } from './group-list.ts'
import { countOf, upTo, withoutHosts } from './held-back.ts'
import { isLeftToBegin, standingOf } from './host-states.ts'
import { hostOf, tallyOf, withHosts } from './host-tally.ts'
import { whyStop } from './stop-rules.ts'
import { canariesOf, changedInLastWave, countCalled, lastCalled, nextWaves } from './waves.ts'

export interface Moved {
  readonly ok: true
  readonly run: Run
  readonly commands: readonly Command[]
}

type Stopping = NonNullable<Run['stopping']>

/** For a run that applies: exactly one of its states, or an end, comes out. */
export function settle(run: Run, at: Instant): Moved {
  const { standing } = tallyOf(run)
  const isLeft = standing.waiting + standing.away > 0
  const atWork = standing['in-flight'] > 0
  if (run.stopping === null) {
    // A host that turns out to have begun nothing may be left when the time was up long ago.
    if (isLeft && run.manifest !== null && at >= run.manifest.notAfter) return settle(stop(run, tooOld(run, at)), at)
    const says = whyStop(run)
    if (says !== null) return settle(stop(run, { to: 'halted', by: null, says }), at)
  }
  if (run.stopping) return moved(atWork ? { ...run, state: 'halting' } : end(run, run.stopping.to, at))
  if (!atWork && !isLeft) return moved(end(run, 'finished', at))
  if (run.state === 'paused') return moved(run)
  const watching = watchWaves(callWaves(run), at)
  const called = countCalled(watching.run)
  const heldBack = upTo(watching.run.heldBack, lastCalled(watching.run)?.id ?? null)
  const next = { ...watching.run, heldBack }
  const commands = [...watching.commands, ...(called > 0 ? [{ do: 'ask-room' } as const] : [])]
  if (atWork) return moved({ ...next, state: 'applying' }, commands)
  // Whoever is held back was called.
  if (called > 0) return moved({ ...next, state: countOf(heldBack) === called ? 'waiting' : 'applying' }, commands)
  const { watched, held } = gatesOf(next)
  if (watched.length > 0 || held.length === 0) return moved({ ...next, state: 'waiting' }, commands)
  return moved(hold(next, at), commands)
}

export function moved(run: Run, commands: readonly Command[] = []): Moved {
  return { ok: true, run, commands }
}

/** No further host begins; those at work are awaited, because what runs on a host is not cut. */
export function stop(run: Run, stopping: Stopping): Run {
  return { ...skipRest(run), stopping }
}

export function tooOld({ terms: { deadline } }: Run, at: Instant): Stopping {
  const isDeadline = deadline !== undefined && deadline <= at
  const says = isDeadline ? `Its deadline, ${deadline}, is over.` : 'The approval, or the plans, became too old.'
  return { to: 'expired', by: null, says }
}

export function end(run: Run, state: Stopping['to'] | 'finished' | 'nothing-to-do', at: Instant): Run {
  return { ...skipRest(run), state, endedAt: at }
}

/** A code belongs to one state: it does not outlast it. */
export function patchHost(run: Run, id: HostId, patch: Partial<RunHost>): Run {
  const host = hostOf(run, id)
  return host ? withHosts(run, [{ ...host, code: null, ...patch }]) : run
}

export function note(run: Run, at: Instant, says: string): Run {
  return { ...run, notes: [...run.notes, { at, says }] }
}

/** There is room for these hosts, all of which were called. */
export function beginHosts(run: Run, ids: readonly HostId[], at: Instant): Moved {
  const hosts = ids.toSorted().flatMap((id) => hostOf(run, id) ?? [])
  const begun = hosts.map((host) => ({ ...host, state: 'applying' as const, says: null, code: null }))
  const commands = hosts.flatMap(({ id, plan }): Command[] => (plan ? [{ do: 'apply-host', host: id, plan }] : []))
  const settled = settle({ ...withHosts(run, begun), heldBack: withoutHosts(run.heldBack, ids) }, at)
  return { ...settled, commands: [...commands, ...settled.commands] }
}

/** Each host of a wave that begins knows it from here on, whenever there is room for it. */
function callWaves(run: Run): Run {
  const called = nextWaves(run).flatMap(({ wave, hosts }) =>
    hosts.flatMap((id) => {
      const host = hostOf(run, id)
      return host ? [{ ...host, wave }] : []
    }),
  )
  return withHosts(run, called)
}

/** Of each group whose last wave is over and must stay well, the watch that has not begun. */
function watchWaves(run: Run, at: Instant): Moved {
  const { between } = run.waves
  if (typeof between !== 'object') return moved(run)
  const until = new Date(Date.parse(at) + between.wellForMs).toISOString()
  const commands: Command[] = []
  let { groups } = run
  for (const place of gatesOf(run).toWatch) {
    const group = run.groups[place]
    const hosts = group ? changedInLastWave(run, group) : []
    const wave = hosts[0]?.wave
    if (!group || wave === undefined) continue
    commands.push({ do: 'watch-wave', group: group.key, wave, hosts: hosts.map(({ id }) => id), until })
    groups = withGroup(groups, { ...group, watched: { wave, until, unwell: null } })
  }
  return moved({ ...run, groups }, commands)
}

function hold(run: Run, at: Instant): Run {
  if (run.state === 'holding') return run
  const held = gatesOf(run).held.flatMap((place) => run.groups[place] ?? [])
  return { ...held.reduce((noted, group) => note(noted, at, whyHeld(run, group)), run), state: 'holding' }
}

function whyHeld(run: Run, group: ChangeGroup): string {
  const unwell = group.watched?.unwell ?? []
  if (unwell.length > 0)
    return `${unwell.map(({ host, says }) => `${host}: ${says}`).join(' ')} Look there, then promote the change or abort the run.`
  const unjudged = canariesOf(run, group).filter((host) => !passesAsCanary(host, group))
  if (unjudged.some(({ state }) => state === 'cleared-still-failing'))
    return `${unjudged.map(({ id }) => id).join(', ')} fails with what was put back, as it did before. If the others are to follow all the same, promote the change; otherwise abort the run.`
  if (unjudged.length > 0)
    return `There was too little traffic to judge ${unjudged.map(({ id }) => id).join(', ')} by. Look there, then promote the change or abort the run.`
  const done = changedInLastWave(run, group).map(({ id }) => id)
  return `${done.length === 1 ? `${done[0]} is` : `${done.length} hosts are`} done. Promote the change to let the next follow, or abort the run.`
}

function skipRest(run: Run): Run {
  const rest = run.hosts.filter((host) => standingOf(host) === 'ahead' || isLeftToBegin(host))
  const skipped = rest.map((host) => ({ ...host, state: 'skipped' as const, says: null }))
  return withHosts({ ...run, heldBack: [] }, skipped)
}
