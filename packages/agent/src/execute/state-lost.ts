/**
 * What is done when the agent's own folder disappears or fills in the middle: nothing more is changed, a frozen master is
 * woken, and a person gets exact steps, because whatever came now would be on no record (DESIGN D6).
 */
import { isFileChange, problem, type ApplyReport } from '@fleetmend/shared'
import { applyReport } from '../state/apply-report.ts'
import type { JournalEntry } from '../state/journal-entry.ts'
import { StateLost } from '../state/journal.ts'
import { nameOf, sideOf } from './change-side.ts'
import { wake } from './hold-still.ts'
import { stillFrozen } from './perform-noted.ts'
import type { RunningApply } from './running-apply.ts'
import { commandFor } from './set-change.ts'

/** One of the places that may catch: only the loss of the record, never anything else. */
export async function keepingState(run: RunningApply, work: () => Promise<ApplyReport>): Promise<ApplyReport> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof StateLost)) throw error
    return stuckWithoutRecord(run, error.message)
  }
}

async function stuckWithoutRecord(run: RunningApply, why: string): Promise<ApplyReport> {
  const { executor, record } = run
  const frozen = stillFrozen(run)
  if (frozen) await wake(executor.host, frozen.master)
  const at = new Date(executor.host.nowMs()).toISOString()
  const detail = `Cannot go on: the journal of ${record.id} cannot be written (${why}), and without it nothing is done.\n\n${(await steps(run)).join('\n')}`
  const closed: JournalEntry = {
    entry: 'closed',
    at,
    says: 'The record was lost in the middle. A person must look.',
    outcome: 'stuck',
    problem: problem('stuck', detail),
    verdict: null,
  }
  const report = applyReport([...record.journal.entries, closed])
  if (report === null) throw new Error('The journal does not begin with an admission. This is a bug.')
  return report
}

async function steps({ executor, record }: RunningApply): Promise<readonly string[]> {
  const says: string[] = []
  for (const change of record.plan.plan.changes) {
    const name = nameOf(change)
    const now = await sideOf(executor.host, executor.state.key, change)
    if (!now.ok || now.value === 'neither') says.push(`- ${name} is neither as before nor as planned: look at it.`)
    else if (now.value === 'before') says.push(`- ${name} is as it was before.`)
    else if (isFileChange(change)) says.push(`- ${name} is as planned. To undo by hand, reverse this:\n${change.diff}`)
    else says.push(`- ${name} is as planned. To undo by hand:\n    ${commandFor(change, 'before')}`)
  }
  const services = new Set(record.plan.plan.acts.flatMap((act) => ('service' in act ? [act.service] : [])))
  for (const service of services) says.push(`- See how ${service} is:\n    systemctl status ${service}`)
  return says
}
