/** Carries out one command of the engine and turns what came of it into an event. Decides nothing about the run. */
import type { ApplyPhase, Digest, HostId, Run, TimelineEntry } from '@fleetmend/shared'
import { readPlanAnswer, readProblem, readReport, wellFormed } from './answers.ts'
import type { Clock } from './clock.ts'
import type { Command } from './command.ts'
import type { Fleet } from './fleet-port.ts'
import { authorityFor, manifestOf } from './manifest-of.ts'
import type { WorldEvent } from './run-event.ts'

export interface World {
  readonly fleet: Fleet
  readonly clock: Clock
  readonly patience: Patience
  onProgress(host: HostId, phase: ApplyPhase, entry: TimelineEntry): void
  /** A fleet that throws is a bug; the run goes on with what is certain, which is little. */
  onBug(error: unknown): void
}

export interface Patience {
  /** Between two questions to a host that was lost or is not done. */
  readonly askEveryMs: number
  /** How long a lost host may stay silent before a person must look. */
  readonly askForMs: number
}

/** Null when the run was over, or this controller was stopping, before there was an answer. */
export async function perform(
  run: Run,
  command: Command,
  world: World,
  signal: AbortSignal,
): Promise<WorldEvent | null> {
  const event = await carryOut(run, command, world, signal)
  return signal.aborted ? null : event
}

function carryOut(run: Run, command: Command, world: World, signal: AbortSignal): Promise<WorldEvent> | WorldEvent {
  switch (command.do) {
    case 'plan-host':
      return planHost(run, command.host, world, signal)
    case 'ask-approval':
      return askApproval(run, world)
    case 'apply-host':
      return applyHost(run, command.host, command.plan, world, signal)
    case 'ask-host':
      return askHost(command.host, command.plan, world, signal)
  }
}

async function planHost(run: Run, host: HostId, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const said = await attempt(world, () => world.fleet.plan(host, run.asked, signal))
  const at = nowOf(world)
  if (said === null) return { type: 'host-not-reached', at, host, how: 'unreachable', says: brokenHere }
  const answer = readPlanAnswer(said, host)
  if (!answer)
    return {
      type: 'host-refused-to-plan',
      at,
      host,
      because: 'The host answered with something that is not a plan of its own.',
      toDo: 'Compare the version of its agent with that of the controller.',
    }
  switch (answer.kind) {
    case 'not-reached':
      return { type: 'host-not-reached', at, host, how: answer.how, says: answer.says }
    case 'planned':
      return { type: 'host-planned', at, host, record: answer.record }
    case 'nothing-to-do':
      return { type: 'host-has-nothing-to-do', at, host, because: answer.because }
    case 'refused':
      return { type: 'host-refused-to-plan', at, host, because: answer.because, toDo: answer.toDo }
  }
}

function askApproval(run: Run, world: World): WorldEvent {
  const manifest = manifestOf(run, world.clock.nowMs())
  return manifest ? { type: 'approval-asked', at: nowOf(world), manifest } : { type: 'expired', at: nowOf(world) }
}

async function applyHost(run: Run, host: HostId, plan: Digest, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const authority = authorityFor(run, host)
  if (!authority) throw new Error(`${host} of ${run.id} was to be applied without an approval. This is a bug.`)
  const onProgress = (phase: ApplyPhase, entry: TimelineEntry) => world.onProgress(host, phase, wellFormed(entry))
  const said = await attempt(world, () => world.fleet.apply(host, plan, authority, onProgress, signal))
  const at = nowOf(world)
  const lost = (says: string): WorldEvent => ({ type: 'host-lost', at, host, says: wellFormed(says) })
  if (said === null) return lost(brokenHere)
  switch (said.kind) {
    case 'reported': {
      const report = readReport(said.report, host, plan)
      return report
        ? { type: 'host-applied', at, host, report }
        : lost('The host answered with something that is not a report about this plan.')
    }
    case 'refused': {
      const problem = readProblem(said.problem)
      return problem
        ? { type: 'host-refused-to-apply', at, host, problem }
        : lost('The host refused in words that make no sense.')
    }
    case 'not-reached':
      return { type: 'host-not-reached', at, host, how: said.how, says: wellFormed(said.says) }
    case 'lost':
      return lost(said.says)
  }
}

/** Asks until the journal has an outcome, or the host was silent for too long. */
async function askHost(host: HostId, plan: Digest, world: World, signal: AbortSignal): Promise<WorldEvent> {
  let silentSinceMs = world.clock.nowMs()
  for (;;) {
    const said = await attempt(world, () => world.fleet.askApply(host, plan, signal))
    const at = nowOf(world)
    if (said?.kind === 'never-heard') return { type: 'host-answered', at, host, report: null }
    if (said?.kind === 'gone') return { type: 'host-silent', at, host, says: wellFormed(said.says) }
    const report = said?.kind === 'reported' ? readReport(said.report, host, plan) : null
    if (report?.outcome) return { type: 'host-answered', at, host, report }
    // A host that is still at work is not silent: its apply has deadlines of its own.
    if (report) silentSinceMs = world.clock.nowMs()
    const silentMs = world.clock.nowMs() - silentSinceMs
    if (signal.aborted || silentMs >= world.patience.askForMs)
      return { type: 'host-silent', at, host, says: silenceOf(silentMs, said) }
    await world.clock.sleep(world.patience.askEveryMs, signal)
  }
}

function silenceOf(silentMs: number, said: Awaited<ReturnType<Fleet['askApply']>> | null): string {
  const last =
    said?.kind === 'not-reached' ? said.says : 'It answered with something that is not a report about this plan.'
  return wellFormed(
    `What became of its apply could not be asked for ${Math.round(silentMs / 60_000)} minutes. ${last} See its journal:\n    fleetmend-agent history`,
  )
}

async function attempt<Said>(world: World, ask: () => Promise<Said>): Promise<Said | null> {
  try {
    return await ask()
  } catch (error) {
    world.onBug(error)
    return null
  }
}

const brokenHere = 'Something in this controller broke while asking it; its log says what.'

function nowOf({ clock }: World): string {
  return new Date(clock.nowMs()).toISOString()
}
