/**
 * Carries out an admitted plan: one function for all plans, and nothing is decided here. Under the lock: does the plan
 * still fit, do its checks pass, then write, check again, act, look again. Each step is on disk before it is done.
 */
import { isFileChange, problem, type ApplyReport, type Plan, type Problem } from '@fleetmend/shared'
import { recordEnd } from '../audit/on-record.ts'
import { isClosed } from '../state/apply-report.ts'
import { loadPlan, markPlanUsed, type StoredPlan } from '../state/plan-store.ts'
import { findUnfinished, openApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import { takeBaseline } from './baseline.ts'
import { staleness } from './basis.ts'
import { runChecks } from './checks.ts'
import { closeVerified } from './close-verified.ts'
import type { Executor } from './executor.ts'
import { failingGuards } from './guards.ts'
import { inProgressDetail, takeLock, unfinishedDetail, type HeldLock } from './lock.ts'
import { freezeKeeper } from './perform-noted.ts'
import { perform } from './perform.ts'
import { rollBack } from './roll-back.ts'
import { note, refuse, reportOf, write, type RunningApply } from './running-apply.ts'
import { keepingState } from './state-lost.ts'
import { plannedFiles, prepareChanges, writeChanges } from './write-changes.ts'

/** There is no catch here: a bug ends the process, and recovery finds the journal (DESIGN D6). */
export async function apply(executor: Executor, admitted: ApplyRecord): Promise<ApplyReport> {
  const { state, host, self } = executor
  const lock = await takeLock(state, host, self, admitted.id)
  // Read under the lock: recovery may have come first, and taken this apply for one that was cut off.
  const opened = await openApplyRecord(state, admitted.id)
  const run: RunningApply = { executor, record: opened.ok ? opened.value : admitted }
  const isDone = isClosed(run.record.journal.entries)
  if (!lock.ok && (isDone || lock.owner?.what === admitted.id)) return reportOf(run)
  if (!lock.ok) {
    const refused = await refuse(run, 'apply-in-progress', inProgressDetail(lock.owner))
    await recordEnd(executor, refused)
    return refused
  }
  const report = isDone ? reportOf(run) : await keepingState(run, () => applyLocked(run, lock.value))
  await lock.value.release()
  await recordEnd(executor, report)
  return report
}

async function applyLocked(run: RunningApply, lock: HeldLock): Promise<ApplyReport> {
  const { executor, record } = run
  const { host, state } = executor
  const { plan, digest } = record.plan
  const other = await findUnfinished(state, record.id)
  if (other !== null) return refuse(run, 'apply-in-progress', unfinishedDetail(other))
  const stored = await loadPlan(state, digest, host.id, host.nowMs())
  if (!stored.ok) return refuse(run, stored.problem.code, stored.problem.detail)

  const { before, after } = stored.value.sealed
  await executor.discretion.learn([...before.values(), ...after.values()])
  // Before the slow part, so that a stale plan is refused at once.
  const stale = await stillFits(run)
  if (stale !== null) return refuse(run, stale.code, stale.detail)
  const facts = await executor.look()
  const baseline = await takeBaseline(host, plan, facts, executor.diagnose(facts))
  const planned = await runChecks(host, plan, 'planned', plannedFiles(plan, stored.value.sealed))
  const failed = planned.find((result) => !result.passed)
  if (failed)
    return refuse(run, 'check-failed', `Cannot apply: ${failed.says}\n\nNothing was changed. Mend this and plan again.`)
  for (const { says } of planned) await note(run, says)

  // And again just before the first write: this is the comparison that counts (DESIGN D3).
  const prepared = await prepareChanges(run)
  if (!prepared.ok) return refuse(run, prepared.problem.code, prepared.problem.detail)
  const staleNow = await stillFits(run)
  if (staleNow !== null) return refuse(run, staleNow.code, staleNow.detail)
  if (!(await lock.isStillMine())) return refuse(run, 'apply-in-progress', inProgressDetail(null))
  const marked = await markPlanUsed(state, digest, record.id)
  if (!marked.ok) return refuse(run, 'check-failed', `Cannot apply: ${marked.says}. Nothing was changed.`)
  await write(run, {
    entry: 'intent',
    says: 'The plan fits this host, and its checks pass.',
    baseline,
    ...prepared.value,
  })
  return change(run, stored.value)
}

async function stillFits({ executor, record }: RunningApply): Promise<Problem | null> {
  const { plan } = record.plan
  const differences = await staleness(executor.host, executor.state.key, plan)
  if (differences.length > 0) {
    return problem(
      'plan-is-stale',
      `Cannot apply: ${differences.join(' ')}\n\nNothing was changed. Plan again to see what would be done now.`,
    )
  }
  const failing = await failingGuards(executor.host, plan)
  if (failing.length === 0) return null
  return problem(
    'guard-failed',
    `Cannot apply now: ${failing.join(' ')}\n\nNothing was changed. Try again later, or plan again.`,
  )
}

async function change(run: RunningApply, { record, sealed }: StoredPlan): Promise<ApplyReport> {
  const { host } = run.executor
  const written = await writeChanges(run, sealed)
  if (!written.ok) return undo(run, `Writing failed: ${written.says}.`)
  await write(run, { entry: 'changed', says: changedSays(record.plan) })
  const live = await runChecks(host, record.plan, 'live', new Map())
  const failed = live.find((result) => !result.passed)
  if (failed) return undo(run, `The written files do not pass their check: ${failed.says}`)
  return act(run)
}

function changedSays({ changes }: Plan): string {
  if (changes.length === 0) return ''
  return changes.every(isFileChange) ? 'Every file is written.' : 'Every change is made.'
}

async function act(run: RunningApply): Promise<ApplyReport> {
  for (const [index, each] of run.record.plan.plan.acts.entries()) {
    await write(run, { entry: 'acting', says: '', act: index })
    const done = await perform(run.executor.host, each, freezeKeeper(run))
    await write(run, { entry: 'act-ended', says: done.says, act: index, came: done.came })
    if (done.came !== 'did') return undo(run, done.says)
  }
  await write(run, { entry: 'acted', says: '' })
  return closeVerified(run)
}

/** Before *acted* nothing has proved itself: everything goes back (DESIGN D6). */
async function undo(run: RunningApply, why: string): Promise<ApplyReport> {
  if (run.record.plan.plan.changes.length === 0) return closeVerified(run)
  const because = problem('act-failed', `The plan was not carried through. ${why}`)
  return rollBack(run, { because, verdict: null, askedBy: null, says: `${why} Rolling back.` })
}
