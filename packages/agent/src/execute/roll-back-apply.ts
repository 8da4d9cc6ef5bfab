/**
 * Rolls back an apply that was finished, because a person asked for it: refused when its files were edited since. Whoever
 * asked may be gone, so the answer is in the journal.
 */
import { isFileChange, problem, type ApplyReport, type Problem } from '@fleetmend/shared'
import { recordEnd } from '../audit/on-record.ts'
import { findUnfinished, loadBeforeImage, openApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import { askedRollback, isClosed, lastOf, refusedRollback } from '../state/apply-report.ts'
import { checkConfig } from './checks.ts'
import type { Executor } from './executor.ts'
import { inProgressDetail, takeLock, unfinishedDetail } from './lock.ts'
import { changedSince } from './restore-changes.ts'
import { finishRollback, rollBack } from './roll-back.ts'
import { reportOf, write, type Recorded, type RunningApply } from './running-apply.ts'
import { keepingState } from './state-lost.ts'

export type RolledBack =
  | { readonly ok: true; readonly report: ApplyReport }
  | { readonly ok: false; readonly problem: Problem }

/** What became of the rollback that was asked for last. */
export function rollbackAnswer(record: ApplyRecord): RolledBack {
  const refused = refusedRollback(record.journal.entries)
  return refused === null ? { ok: true, report: reportOf({ record }) } : { ok: false, problem: refused }
}

/** Carries out what `beginRollback` has asked for. */
export async function rollBackApply(executor: Executor, id: ApplyRecord['id']): Promise<RolledBack> {
  const lock = await takeLock(executor.state, executor.host, executor.self, id)
  // Read under the lock: recovery may have answered it in this moment.
  const opened = await openApplyRecord(executor.state, id)
  if (!opened.ok) return opened
  const run: RunningApply = { executor, record: opened.value }
  if (!lock.ok) {
    const inProgress = problem('apply-in-progress', inProgressDetail(lock.owner))
    if (lock.owner?.what !== id) await refuseRollback(run, inProgress)
    return { ok: false, problem: inProgress }
  }
  const report = isClosed(run.record.journal.entries)
    ? reportOf(run)
    : await keepingState(run, () => answerRollback(run))
  await lock.value.release()
  await recordEnd(executor, report)
  // Without its record there is only the report.
  return report.outcome === 'stuck' ? { ok: true, report } : rollbackAnswer(run.record)
}

/** Under the lock, and in recovery too: what was asked for is begun or refused, what was begun is finished. */
export async function answerRollback(run: RunningApply): Promise<ApplyReport> {
  await run.executor.discretion.learn()
  const asked = askedRollback(run.record.journal.entries)
  if (asked === null) return finishRollback(run)
  const refusal = await whyNot(run)
  if (refusal !== null) return refuseRollback(run, refusal)
  return rollBack(run, { because: null, verdict: null, askedBy: asked.askedBy, says: 'Rolling back, as asked.' })
}

export async function refuseRollback(run: Recorded, because: Problem): Promise<ApplyReport> {
  await write(run, {
    entry: 'rollback-refused',
    says: 'The rollback was refused. Nothing was changed.',
    problem: because,
  })
  await run.record.journal.trim()
  return reportOf(run)
}

async function whyNot(run: RunningApply): Promise<Problem | null> {
  const other = await findUnfinished(run.executor.state, run.record.id)
  if (other !== null) return problem('apply-in-progress', unfinishedDetail(other))
  const edited = await changedSince(run)
  if (edited.length > 0 && !isStuck(run)) {
    return problem(
      'plan-is-stale',
      `Cannot roll back ${run.record.id}: ${edited.join(' ')} Putting the old bytes back would lose that.\n\nNothing was changed. Undo by hand what is no longer wanted.`,
    )
  }
  return configRefused(run)
}

/** After a rollback that got stuck half way some files are back already; the others are still compared one by one. */
function isStuck(run: RunningApply): boolean {
  return lastOf(run.record.journal.entries, 'closed')?.outcome === 'stuck'
}

/** The files from before must still be good for the services that would read them, if they were then. */
async function configRefused({ executor, record }: RunningApply): Promise<Problem | null> {
  const baseline = lastOf(record.journal.entries, 'intent')?.baseline
  const before = new Map<string, Uint8Array | null>()
  for (const [index, change] of record.plan.plan.changes.entries()) {
    if (!isFileChange(change)) continue
    before.set(change.path, change.before === null ? null : await loadBeforeImage(executor.state, record, index))
  }
  for (const { service, configPassed } of baseline?.services ?? []) {
    if (configPassed !== true) continue
    const check = await checkConfig(executor.host, service, before)
    if (!check.passed)
      return problem('check-failed', `Cannot roll back: with the files from before, ${check.says} Nothing was changed.`)
  }
  return null
}
