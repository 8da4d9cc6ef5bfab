/**
 * What follows from the outcomes so far: the next hosts begin, or the run stops, waits for a person, or ends. Called after
 * everything that may have changed the answer. Pure.
 */
import type { HostId, Instant, Run, RunHost } from '@fleetmend/shared'
import type { Command } from './command.ts'
import { hostsThatAre, standingOf } from './host-states.ts'
import { whyStop } from './stop-rules.ts'
import { canariesOf, gateOf, nextHosts, passesAsCanary } from './waves.ts'

export interface Moved {
  readonly ok: true
  readonly run: Run
  readonly commands: readonly Command[]
}

type Stopping = NonNullable<Run['stopping']>

/** For a run that applies: exactly one of the states applying, paused, holding, halting, or an end, comes out. */
export function settle(run: Run, at: Instant): Moved {
  if (run.stopping === null) {
    const says = whyStop(run)
    if (says !== null) return settle(stop(run, { to: 'halted', by: null, says }), at)
  }
  const atWork = hostsThatAre(run, 'in-flight').length > 0
  if (run.stopping) return moved(atWork ? { ...run, state: 'halting' } : end(run, run.stopping.to, at))
  const waiting = hostsThatAre(run, 'waiting').length > 0
  if (!atWork && !waiting) return moved(end(run, 'finished', at))
  if (run.state === 'paused') return moved(run)
  const next = nextHosts(run)
  if (next.length > 0) return beginHosts({ ...run, state: 'applying' }, next)
  return moved(atWork ? { ...run, state: 'applying' } : hold(run, at))
}

export function moved(run: Run, commands: readonly Command[] = []): Moved {
  return { ok: true, run, commands }
}

/** No further host begins; those at work are awaited, because what runs on a host is not cut. */
export function stop(run: Run, stopping: Stopping): Run {
  return { ...skipRest(run), stopping }
}

export function end(run: Run, state: Stopping['to'] | 'finished' | 'nothing-to-do', at: Instant): Run {
  return { ...skipRest(run), state, endedAt: at }
}

export function patchHost(run: Run, id: HostId, patch: Partial<RunHost>): Run {
  return { ...run, hosts: run.hosts.map((host) => (host.id === id ? { ...host, ...patch } : host)) }
}

export function note(run: Run, at: Instant, says: string): Run {
  return { ...run, notes: [...run.notes, { at, says }] }
}

function beginHosts(run: Run, ids: readonly HostId[]): Moved {
  const beginning = new Set(ids)
  const hosts = run.hosts.map((host) => (beginning.has(host.id) ? { ...host, state: 'applying' as const } : host))
  const commands = hosts.flatMap(({ id, plan }): Command[] =>
    beginning.has(id) && plan ? [{ do: 'apply-host', host: id, plan }] : [],
  )
  return moved({ ...run, hosts }, commands)
}

function hold(run: Run, at: Instant): Run {
  if (run.state === 'holding') return run
  const unjudged = run.groups
    .filter((group) => gateOf(run, group) === 'held')
    .flatMap((group) => canariesOf(run, group).filter((host) => !passesAsCanary(host)))
  return {
    ...note(
      run,
      at,
      `There was too little traffic to judge ${unjudged.map(({ id }) => id).join(', ')} by. Look there, then promote the change or abort the run.`,
    ),
    state: 'holding',
  }
}

function skipRest(run: Run): Run {
  const skipped = { state: 'skipped', says: null } as const
  return {
    ...run,
    hosts: run.hosts.map((host) => (['ahead', 'waiting'].includes(standingOf(host)) ? { ...host, ...skipped } : host)),
  }
}
