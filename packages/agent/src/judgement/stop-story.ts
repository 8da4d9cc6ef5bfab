/** How a service that is down came to be down, told from systemd's state and journal. */
import type { Evidence } from '@fleetmend/shared'
import type { JournalEntry } from '../readings/journal.ts'
import type { FpmFacts } from '../survey/host-facts.ts'
import { instantOf } from './instant.ts'

export type StopStory =
  | { readonly how: 'up' }
  | { readonly how: 'never-started' }
  /** `systemctl stop`: somebody wanted it (DESIGN D11). */
  | { readonly how: 'stopped-on-purpose'; readonly atMs: number | null; readonly evidence: readonly Evidence[] }
  /** A clean exit that systemd did not ask for, e.g. `kill -TERM` of the master. */
  | { readonly how: 'ended-by-itself'; readonly atMs: number | null; readonly evidence: readonly Evidence[] }
  | {
      readonly how: 'crashed'
      readonly atMs: number | null
      readonly says: string
      readonly evidence: readonly Evidence[]
    }

/** `CLD_*` numbers of wait(2), as systemd prints ExecMainCode. */
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

export function stopStory(service: FpmFacts): StopStory {
  const { unit } = service
  if (unit.activeState === 'active' || unit.activeState === 'reloading') return { how: 'up' }
  const atMs = unit.execMainExitedMs ?? unit.inactiveEnterMs
  const state: Evidence = {
    source: `systemctl show ${unit.service}`,
    says: `${unit.activeState}/${unit.subState}, result ${unit.result}${atMs === null ? '' : `, main process ended ${instantOf(atMs)}`}`,
  }
  if (unit.activeState === 'failed' || unit.subState === 'auto-restart') {
    const evidence = [
      state,
      ...journalEvidence(service, /Main process exited|Failed with result|Start request repeated/),
    ]
    return { how: 'crashed', atMs, says: deathOf(service), evidence }
  }
  if (unit.execMainStartedMs === null) return { how: 'never-started' }
  const stop = lastStopJob(service, atMs)
  return stop
    ? { how: 'stopped-on-purpose', atMs, evidence: [state, journalLine(unit.service, stop)] }
    : { how: 'ended-by-itself', atMs, evidence: [state, ...journalEvidence(service, /Deactivated successfully/)] }
}

function deathOf({ unit }: FpmFacts): string {
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
function lastStopJob(service: FpmFacts, endedMs: number | null): JournalEntry | undefined {
  if (!service.journal.ok) return undefined
  return service.journal.value.findLast(
    (entry) =>
      entry.identifier === 'systemd' &&
      /^Stopp(ing|ed) /.test(entry.message) &&
      (endedMs === null || Math.abs(entry.atMs - endedMs) < 120_000),
  )
}

function journalEvidence(service: FpmFacts, pattern: RegExp): readonly Evidence[] {
  if (!service.journal.ok) return []
  const entry = service.journal.value.findLast((each) => each.identifier === 'systemd' && pattern.test(each.message))
  return entry ? [journalLine(service.service, entry)] : []
}

function journalLine(service: string, entry: JournalEntry): Evidence {
  return { source: `journalctl -u ${service}`, says: entry.message, at: instantOf(entry.atMs) }
}
