/**
 * What is done when the agent's own folder disappears or fills in the middle: nothing more is changed, a frozen master is
 * woken, and a person gets exact steps, because whatever came now would be on no record (DESIGN D6).
 */
import { problem, type ApplyReport } from '@fleetmend/shared'
import { applyReport } from '../state/apply-report.ts'
import type { JournalEntry } from '../state/journal-entry.ts'
import { StateLost } from '../state/journal.ts'
import { isSameState, readFileState } from './file-state.ts'
import { stillFrozen } from './perform-noted.ts'
import type { RunningApply } from './running-apply.ts'

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
  if (frozen) await executor.host.signal(frozen.master, 'SIGCONT')
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
  for (const { path, before, after, diff } of record.plan.plan.changes) {
    const now = await readFileState(executor.host, executor.state.key, path)
    const state = now.ok ? (now.value?.state ?? null) : null
    if (now.ok && isSameState(state, before)) says.push(`- ${path} is as it was before.`)
    else if (now.ok && isSameState(state, after))
      says.push(`- ${path} is as planned. To undo by hand, reverse this:\n${diff}`)
    else says.push(`- ${path} is neither as before nor as planned: look at it.`)
  }
  const services = new Set(record.plan.plan.acts.flatMap((act) => ('service' in act ? [act.service] : [])))
  for (const service of services) says.push(`- See how ${service} is:\n    systemctl status ${service}`)
  return says
}
