/** Rolls back an apply that was finished, because a person asks: refused when its files were edited since. */
import { problem, type ApplyReport, type AuthoritySummary, type Problem } from '@fleetmend/shared'
import { lastOf, phaseOf } from '../state/apply-report.ts'
import { findUnfinished, loadBeforeImage, type ApplyRecord } from '../state/apply-record.ts'
import { checkFpmConfig } from './check-fpm-config.ts'
import type { Executor } from './executor.ts'
import { inProgressDetail, takeLock, unfinishedDetail } from './lock.ts'
import { editedSince } from './restore-files.ts'
import { rollBack } from './roll-back.ts'
import { reportOf, type RunningApply } from './running-apply.ts'
import { keepingState } from './state-lost.ts'

export type RolledBack =
  | { readonly ok: true; readonly report: ApplyReport }
  | { readonly ok: false; readonly problem: Problem }

/** Never blocked by a brake (DESIGN D5): whoever may look at the host may also want it back. */
export async function rollBackApply(
  executor: Executor,
  record: ApplyRecord,
  askedBy: AuthoritySummary,
): Promise<RolledBack> {
  const run: RunningApply = { executor, record }
  const nothing = nothingToRollBack(run)
  if (nothing !== null) return { ok: false, problem: problem('nothing-to-roll-back', nothing) }
  const lock = await takeLock(executor.state, executor.host, executor.self, record.id)
  if (!lock.ok) return { ok: false, problem: problem('apply-in-progress', inProgressDetail(lock.owner)) }
  const refusal = await whyNot(run)
  const rolledBack: RolledBack =
    refusal === null
      ? { ok: true, report: await keepingState(run, () => rollBackAsAsked(run, askedBy)) }
      : { ok: false, problem: refusal }
  await lock.value.release()
  return rolledBack
}

async function rollBackAsAsked(run: RunningApply, askedBy: AuthoritySummary): Promise<ApplyReport> {
  await run.record.journal.reserve()
  return rollBack(run, {
    because: null,
    verdict: null,
    askedBy,
    says: `Rolling back, as asked by ${askedBy.by.join(', ')}.`,
  })
}

function nothingToRollBack({ record }: RunningApply): string | null {
  const { entries } = record.journal
  if (phaseOf(entries) !== 'closed')
    return `${record.id} is not finished. To see how far it is:\n    fleetmend-agent history`
  const outcome = lastOf(entries, 'closed')?.outcome
  if (outcome === 'refused') return `${record.id} was refused and changed nothing.`
  if (outcome === 'rolled-back') return `${record.id} is rolled back already.`
  if (record.plan.plan.changes.length === 0)
    return `${record.id} changed no file. A start or a reload cannot be undone.`
  return null
}

async function whyNot(run: RunningApply): Promise<Problem | null> {
  const other = await findUnfinished(run.executor.state, run.record.id)
  if (other !== null) return problem('apply-in-progress', unfinishedDetail(other))
  const edited = await editedSince(run)
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
  return reportOf(run).outcome === 'stuck'
}

/** The files from before must still be good for the services that would read them, if they were then. */
async function configRefused({ executor, record }: RunningApply): Promise<Problem | null> {
  const baseline = lastOf(record.journal.entries, 'intent')?.baseline
  const before = new Map<string, Uint8Array | null>()
  for (const [index, change] of record.plan.plan.changes.entries()) {
    before.set(change.path, change.before === null ? null : await loadBeforeImage(executor.state, record, index))
  }
  for (const { service, configPassed } of baseline?.services ?? []) {
    if (configPassed !== true) continue
    const check = await checkFpmConfig(executor.host, service, before)
    if (!check.passed)
      return problem('check-failed', `Cannot roll back: with the files from before, ${check.says} Nothing was changed.`)
  }
  return null
}
