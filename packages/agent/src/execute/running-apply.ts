/** An apply in progress: who carries it out, its record, and the one way to write a line into its journal. */
import { problem, type ApplyReport, type Problem, type ProblemCode } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import type { ApplyRecord } from '../state/apply-record.ts'
import { applyReport } from '../state/apply-report.ts'
import type { JournalEntry } from '../state/journal-entry.ts'
import type { Discretion } from './discretion.ts'
import type { Executor } from './executor.ts'

export interface RunningApply {
  readonly executor: Executor
  readonly record: ApplyRecord
}

/** All that writing a line takes: a clock, discretion and a journal. */
export interface Recorded {
  readonly executor: { readonly host: Pick<ReadHost, 'nowMs'>; readonly discretion: Pick<Discretion, 'redact'> }
  readonly record: ApplyRecord
}

type WithoutInstant<Entry> = Entry extends JournalEntry ? Omit<Entry, 'at'> : never
export type Line = WithoutInstant<JournalEntry>

/** On disk when it answers. `says` is for people; empty: the line is not shown. */
export async function write({ executor, record }: Recorded, line: Line): Promise<void> {
  const at = new Date(executor.host.nowMs()).toISOString()
  await record.journal.append({ ...discreet(line, executor.discretion), at })
}

/** Beside its own words a line may carry a problem; verdicts and baselines are made of findings, which are discreet. */
function discreet(line: Line, { redact }: Pick<Discretion, 'redact'>): Line {
  const says = redact(line.says)
  const hide = (found: Problem): Problem => ({ ...found, detail: redact(found.detail) })
  switch (line.entry) {
    case 'closed':
      return { ...line, says, problem: line.problem && hide(line.problem) }
    case 'rolling-back':
      return { ...line, says, because: line.because && hide(line.because) }
    case 'rollback-refused':
      return { ...line, says, problem: hide(line.problem) }
    default:
      return { ...line, says }
  }
}

export async function note(run: RunningApply, says: string): Promise<void> {
  await write(run, { entry: 'note', says })
}

/** Nothing was begun: the plan is not used up by it, unless it no longer fits. */
export async function refuse(run: RunningApply, code: ProblemCode, detail: string): Promise<ApplyReport> {
  return close(
    run,
    { outcome: 'refused', problem: problem(code, detail), verdict: null },
    'Refused. Nothing was changed.',
  )
}

export type Closing = Pick<Extract<JournalEntry, { entry: 'closed' }>, 'outcome' | 'problem' | 'verdict'>

export async function close(run: Recorded, closing: Closing, says: string): Promise<ApplyReport> {
  await write(run, { entry: 'closed', says, ...closing })
  await run.record.journal.trim()
  return reportOf(run)
}

export function reportOf({ record }: Pick<Recorded, 'record'>): ApplyReport {
  const report = applyReport(record.journal.entries)
  if (report === null) throw new Error('The journal does not begin with an admission. This is a bug.')
  return report
}
