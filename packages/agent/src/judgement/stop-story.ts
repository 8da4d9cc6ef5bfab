/** How a service came to be down that systemd runs, told from its state and journal. */
import type { Evidence } from '@fleetmend/shared'
import type { JournalEntry } from '../readings/journal.ts'
import type { UnitProperties } from '../readings/unit-properties.ts'
import type { FpmFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'

export type StopStory =
  | { readonly how: 'up' }
  | { readonly how: 'never-started' }
  /** `systemctl stop`: somebody wanted it (DESIGN D11). */
  | {
      readonly how: 'stopped-on-purpose'
      readonly atMs: number | null
      /** When systemd was told; a service may take its time. */
      readonly askedAtMs: number
      readonly evidence: readonly Evidence[]
    }
  /** A clean exit that systemd did not ask for, e.g. `kill -TERM` of the master. */
  | { readonly how: 'ended-by-itself'; readonly atMs: number | null; readonly evidence: readonly Evidence[] }
  | {
      readonly how: 'crashed'
      readonly atMs: number | null
      readonly says: string
      readonly evidence: readonly Evidence[]
    }

/** PHP-FPM's service, or nginx's. */
export interface Stoppable extends Pick<FpmFacts, 'service' | 'journal'> {
  readonly unit: UnitProperties
}

/** `CLD_*` numbers of wait(2), as systemd prints ExecMainCode. */
const exited = 1
const killed = 2
const dumped = 3

const signalNames: Readonly<Record<number, string>> = {
  4: 'SIGILL',
  6: 'SIGABRT',
  7: 'SIGBUS',
  9: 'SIGKILL',
  11: 'SIGSEGV',
  15: 'SIGTERM',
  31: 'SIGSYS',
}

export function stopStory(service: Stoppable): StopStory {
  const { unit } = service
  if (unit.activeState === 'active' || unit.activeState === 'reloading') return { how: 'up' }
  const atMs = unit.execMainExitedMs ?? unit.inactiveEnterMs
  const state: Evidence = {
    source: `systemctl show ${unit.service}`,
    says: `${unit.activeState}/${unit.subState}, result ${unit.result}${atMs === null ? '' : `, main process ended ${instantOf(atMs)}`}`,
  }
  const stop = lastStopJob(service, atMs)
  if (unit.activeState === 'failed' || isBetweenStarts(service) || (!stop && isUnclean(unit))) {
    const evidence = [
      state,
      ...journalEvidence(service, /Main process exited|Failed with result|Start request repeated/),
      // `systemctl kill`: somebody did it.
      ...journalEvidence(service, /Sent signal SIG\w+ to main process .* on client request/, atMs),
    ]
    return { how: 'crashed', atMs, says: deathOf(service), evidence }
  }
  // systemd forgets the times of a unit that nothing holds loaded, such as a disabled one; the journal does not.
  if (unit.execMainStartedMs === null && !stop) return { how: 'never-started' }
  return stop
    ? {
        how: 'stopped-on-purpose',
        atMs: atMs ?? stop.atMs,
        askedAtMs: askedMs(service, stop),
        evidence: [state, journalLine(unit.service, stop)],
      }
    : {
        how: 'ended-by-itself',
        atMs,
        evidence: [state, ...journalEvidence(service, /Deactivated successfully|: Succeeded\.$/)],
      }
}

/**
 * It died, and systemd starts it again: waiting for that (`auto-restart`, `auto-restart-queued`), or just at it. A restart
 * is a stop and a start, so that the unit is inactive for a moment in between.
 */
export function isBetweenStarts(service: Pick<FpmFacts, 'unit' | 'journal'>): boolean {
  if (!service.unit) return false
  const { activeState, subState, restarts } = service.unit
  if (subState.startsWith('auto-restart')) return true
  return restarts > 0 && (activeState === 'activating' || (activeState === 'inactive' && isStartedAgain(service)))
}

/** What systemd did last with the unit: its own restart, or a start after the stop. */
function isStartedAgain({ journal }: Pick<FpmFacts, 'journal'>): boolean {
  return journal.ok && jobsOf(journal.value).length > 0 && lastStop(journal.value) === undefined
}

function jobsOf(journal: readonly JournalEntry[]): readonly JournalEntry[] {
  return journal.filter(
    ({ identifier, message }) =>
      identifier === 'systemd' && /^(?:Stopp|Start)(?:ing|ed) |: Scheduled restart job/.test(message),
  )
}

/**
 * The stop that systemd was last told of, if it was told of nothing since: a start comes after the stop of `systemctl
 * restart`. Its own restart begins with a stop, too, of which older ones write "Stopped …".
 */
function lastStop(journal: readonly JournalEntry[]): JournalEntry | undefined {
  const jobs = jobsOf(journal)
  const [before, last] = [jobs.at(-2), jobs.at(-1)]
  if (!last?.message.startsWith('Stopp') || before?.message.includes(': Scheduled restart job')) return undefined
  return last
}

/** It ended badly, and systemd is not done with that yet: `failed` comes after what the unit does when it stops. */
function isUnclean({ result, execMainCode, execMainStatus }: Stoppable['unit']): boolean {
  const endedBadly = execMainCode === exited ? execMainStatus !== 0 : execMainCode === killed || execMainCode === dumped
  return endedBadly && result !== 'success'
}

function deathOf({ unit }: Stoppable): string {
  if (unit.restarts > 0 && unit.activeState !== 'failed' && !unit.subState.startsWith('auto-restart'))
    return `dies again and again (systemd has started it ${unit.restarts} times by itself)`
  if (unit.result === 'oom-kill')
    return 'was stopped by systemd after the kernel killed one of its processes for memory'
  if (unit.execMainCode === killed || unit.execMainCode === dumped) {
    const name = signalNames[unit.execMainStatus] ?? 'unknown'
    return `was killed by signal ${unit.execMainStatus} (${name})${unit.execMainCode === dumped ? ', core dumped' : ''}`
  }
  if (unit.result === 'start-limit-hit') return 'was started too often in too short a time, and systemd gave up'
  if (unit.result === 'timeout') return 'did not get ready in time'
  return `ended with exit code ${unit.execMainStatus}`
}

/** systemd writes "Stopping …" only for a job that somebody or something asked for. */
function lastStopJob(service: Stoppable, endedMs: number | null): JournalEntry | undefined {
  const stop = service.journal.ok ? lastStop(service.journal.value) : undefined
  return stop && (endedMs === null || Math.abs(stop.atMs - endedMs) < 120_000) ? stop : undefined
}

/** "Stopped …" is written when it is done; "Stopping …" when the job begins. */
function askedMs({ journal }: Stoppable, stop: JournalEntry): number {
  if (!journal.ok) return stop.atMs
  const begun = journal.value.findLast(
    ({ identifier, message, atMs }) =>
      identifier === 'systemd' && message.startsWith('Stopping ') && atMs <= stop.atMs && stop.atMs - atMs < 120_000,
  )
  return begun?.atMs ?? stop.atMs
}

/** systemd shows whole seconds. */
const togetherMs = 2000

/** With `nearMs`, only of that moment: an earlier kill has nothing to do with this death. */
function journalEvidence(service: Stoppable, pattern: RegExp, nearMs: number | null = null): readonly Evidence[] {
  if (!service.journal.ok) return []
  const entry = service.journal.value.findLast(
    (each) =>
      each.identifier === 'systemd' &&
      pattern.test(each.message) &&
      (nearMs === null || Math.abs(each.atMs - nearMs) <= togetherMs),
  )
  return entry ? [journalLine(service.service, entry)] : []
}

function journalLine(service: string, entry: JournalEntry): Evidence {
  return { source: `journalctl -u ${service}`, says: entry.message, at: instantOf(entry.atMs) }
}
