/** Carries out one command of the engine and turns what came of it into an event. Decides nothing about the run. */
import type { ApplyPhase, Digest, HostId, Run, TimelineEntry } from '@fleetmend/shared'
import { readPlanAnswer, readProblem, readReport, wellFormed, type ApplyQuestion } from './answers.ts'
import type { Clock } from './clock.ts'
import type { Command } from './command.ts'
import type { ApplyAnswer, Fleet, NotReached } from './fleet-port.ts'
import { authorityFor, manifestOf } from './manifest-of.ts'
import type { WorldEvent } from './run-event.ts'

type SilentEvent = Extract<WorldEvent, { type: 'host-silent' }>

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
  /** How long an apply may take besides being watched. A host that says for longer that it is at work is not waited for. */
  readonly atWorkForMs: number
}

/** What is asked of hosts or people; room among the runs is the driver's own affair. */
type ToHosts = Exclude<Command, { do: 'ask-room' }>

/** Null when the run was over, or this controller was stopping, before there was an answer. */
export async function perform(
  run: Run,
  command: ToHosts,
  world: World,
  signal: AbortSignal,
): Promise<WorldEvent | null> {
  const event = await carryOut(run, command, world, signal)
  return signal.aborted ? null : event
}

function carryOut(run: Run, command: ToHosts, world: World, signal: AbortSignal): Promise<WorldEvent> | WorldEvent {
  switch (command.do) {
    case 'plan-host':
      return planHost(run, command.host, world, signal)
    case 'ask-approval':
      return askApproval(run, world)
    case 'apply-host':
      return applyHost(run, command.host, command.plan, world, signal)
    case 'ask-host':
      return askHost(run, command.host, command.plan, world, signal)
    case 'await-host':
      return awaitHost(run, command.host, world, signal)
    case 'watch-wave':
      return watchWave(command, world, signal)
  }
}

async function planHost(run: Run, host: HostId, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const said = await untilThere(run, host, world, signal)
  const at = nowOf(world)
  if (said === null) return { type: 'host-not-reached', at, host, how: 'unreachable', says: brokenHere }
  const read = readPlanAnswer(said, { host, asked: run.asked, nowMs: world.clock.nowMs() })
  if (!read.ok) return { type: 'host-not-believed', at, host, problem: read.problem }
  const answer = read.value
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

/** A host that is not there is asked again, where the run waits for hosts; nobody else waits with it but the approvers. */
async function untilThere({ asked, terms }: Run, host: HostId, world: World, signal: AbortSignal) {
  const untilMs = terms.awaitHostsUntil === undefined ? 0 : Date.parse(terms.awaitHostsUntil)
  for (;;) {
    const said = await attempt(world, () => world.fleet.plan(host, asked, signal))
    const isOver = signal.aborted || world.clock.nowMs() >= untilMs
    if (isOver || said?.kind !== 'not-reached' || (await world.fleet.presence(host)) === 'gone') return said
    await world.clock.sleep(world.patience.askEveryMs, signal)
  }
}

async function awaitHost({ terms }: Run, host: HostId, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const until = terms.awaitHostsUntil ?? nowOf(world)
  for (;;) {
    const presence = await attempt(world, () => world.fleet.presence(host))
    const at = nowOf(world)
    if (presence === 'here') return { type: 'host-back', at, host }
    const says = presence === 'gone' ? `${host} was taken out of this fleet.` : `It was waited for until ${until}.`
    if (signal.aborted || presence === 'gone' || at >= until)
      return { type: 'host-not-reached', at, host, how: 'unreachable', says }
    await world.clock.sleep(world.patience.askEveryMs, signal)
  }
}

/** Looked at when the time is up, not before: what fails in between and comes back is for the host's own watch. */
async function watchWave(
  { group, wave, hosts, until }: Extract<Command, { do: 'watch-wave' }>,
  world: World,
  signal: AbortSignal,
): Promise<WorldEvent> {
  await world.clock.sleep(Date.parse(until) - world.clock.nowMs(), signal)
  const looked = await Promise.all(
    hosts.map(async (host) => {
      const said = signal.aborted ? null : await attempt(world, () => world.fleet.look(host, signal))
      if (said?.kind === 'well') return []
      return [{ host, says: wellFormed(said?.says ?? brokenHere) }]
    }),
  )
  return { type: 'wave-watched', at: nowOf(world), group, wave, unwell: looked.flat() }
}

function askApproval(run: Run, world: World): WorldEvent {
  const manifest = manifestOf(run, world.clock.nowMs())
  return manifest ? { type: 'approval-asked', at: nowOf(world), manifest } : { type: 'expired', at: nowOf(world) }
}

async function applyHost(run: Run, host: HostId, plan: Digest, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const authority = authorityFor(run, host)
  if (!authority) throw new Error(`${host} of ${run.id} was to be applied without an approval. This is a bug.`)
  const onProgress = (phase: ApplyPhase, entry: TimelineEntry) => world.onProgress(host, phase, wellFormed(entry))
  const said = await withinMs(atWorkForMs(run, world), world.clock, signal, (until) =>
    attempt(world, () => world.fleet.apply(host, plan, authority, onProgress, until)),
  )
  const at = nowOf(world)
  if (said === 'too-late') return overdue(run, host, world)
  const lost = (says: string): WorldEvent => ({ type: 'host-lost', at, host, says: wellFormed(says) })
  if (said === null) return lost(brokenHere)
  switch (said.kind) {
    case 'reported': {
      const report = readReport(said.report, { host, plan, run: run.id, authority })
      return report.ok
        ? { type: 'host-applied', at, host, report: report.value }
        : { type: 'host-not-believed', at, host, problem: report.problem }
    }
    case 'refused': {
      const told = readProblem(said.problem)
      return told.ok
        ? { type: 'host-refused-to-apply', at, host, problem: told.value }
        : { type: 'host-not-believed', at, host, problem: told.problem }
    }
    case 'not-reached':
      return { type: 'host-not-reached', at, host, how: said.how, says: wellFormed(said.says) }
    case 'lost':
      return lost(said.says)
  }
}

/** Asks until the journal has an outcome, or the host was silent or at work for too long. */
async function askHost(run: Run, host: HostId, plan: Digest, world: World, signal: AbortSignal): Promise<WorldEvent> {
  const question: ApplyQuestion = { host, plan, run: run.id, authority: authorityFor(run, host) }
  const startedMs = world.clock.nowMs()
  let silentSinceMs = startedMs
  for (;;) {
    const said = await attempt(world, () => world.fleet.askApply(host, plan, signal))
    const at = nowOf(world)
    if (said?.kind === 'never-heard') return { type: 'host-answered', at, host, report: null }
    if (said?.kind === 'gone')
      return { type: 'host-silent', at, host, says: wellFormed(said.says), code: 'host-removed' }
    if (said?.kind === 'reported') {
      const report = readReport(said.report, question)
      if (!report.ok) return { type: 'host-not-believed', at, host, problem: report.problem }
      if (report.value.outcome !== null) return { type: 'host-answered', at, host, report: report.value }
      // A host that is still at work is not silent: its apply has deadlines of its own, and is over some day.
      silentSinceMs = world.clock.nowMs()
      if (silentSinceMs - startedMs >= atWorkForMs(run, world)) return overdue(run, host, world)
    }
    const silentMs = world.clock.nowMs() - silentSinceMs
    if (signal.aborted || silentMs >= world.patience.askForMs)
      return { type: 'host-silent', at, host, ...silenceOf(silentMs, said?.kind === 'not-reached' ? said : null) }
    await world.clock.sleep(world.patience.askEveryMs, signal)
  }
}

/** Of a host that was given up, once. Null: there is still nothing known of it; gone: nobody will hear of it. */
export async function askAgain(
  run: Run,
  host: HostId,
  plan: Digest,
  world: World,
  signal: AbortSignal,
): Promise<WorldEvent | 'gone' | null> {
  const said = await attempt(world, () => world.fleet.askApply(host, plan, signal))
  const at = nowOf(world)
  if (said?.kind === 'gone') return 'gone'
  if (said?.kind === 'never-heard') return { type: 'host-answered', at, host, report: null }
  if (said?.kind !== 'reported') return null
  const report = readReport(said.report, { host, plan, run: run.id, authority: authorityFor(run, host) })
  return report.ok && report.value.outcome !== null ? { type: 'host-answered', at, host, report: report.value } : null
}

/** Hosts watch for a minute where they are not told for how long. */
const usualWatchMs = 60_000

function atWorkForMs({ asked: { watchMs = usualWatchMs } }: Run, { patience }: World): number {
  return watchMs + patience.atWorkForMs
}

function overdue(run: Run, host: HostId, world: World): WorldEvent {
  const minutes = Math.round(atWorkForMs(run, world) / 60_000)
  return {
    type: 'host-silent',
    at: nowOf(world),
    host,
    code: 'apply-overdue',
    says: `It says for ${minutes} minutes that it is at work, which no apply is. What it did is in its journal; on the host:\n    fleetmend-agent history`,
  }
}

/** What comes of `work`, which is told when its time is up; `too-late`: it was, and nothing came of it. */
async function withinMs(
  ms: number,
  clock: Clock,
  signal: AbortSignal,
  work: (until: AbortSignal) => Promise<ApplyAnswer | null>,
): Promise<ApplyAnswer | null | 'too-late'> {
  const over = new AbortController()
  const late = new AbortController()
  void clock.sleep(ms, AbortSignal.any([signal, over.signal])).then(() => late.abort())
  const said = await work(AbortSignal.any([signal, late.signal]))
  const isLate = late.signal.aborted && !signal.aborted
  over.abort()
  return isLate && said?.kind !== 'reported' ? 'too-late' : said
}

function silenceOf(silentMs: number, last: NotReached | null): Pick<SilentEvent, 'says' | 'code'> {
  const minutes = Math.round(silentMs / 60_000)
  return {
    says: wellFormed(
      `What became of its apply could not be asked for ${minutes} minutes. ${last?.says ?? brokenHere} See its journal:\n    fleetmend-agent history`,
    ),
    code: last?.how ?? 'internal',
  }
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
