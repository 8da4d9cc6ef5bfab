/** Rollback is one function for all plans (DESIGN D1, D9): files first, then systemd, then the services that read them. */
import { problem, type ApplyReport, type AuthoritySummary, type Problem, type Verdict } from '@fleetmend/shared'
import { askedRollback, lastOf, phaseOf } from '../state/apply-report.ts'
import { restoreChanges } from './restore-changes.ts'
import { close, write, type RunningApply } from './running-apply.ts'
import { tellServices } from './tell-services.ts'

export interface RollbackReason {
  /** Null when a person asked for it. */
  readonly because: Problem | null
  readonly verdict: Verdict | null
  readonly askedBy: AuthoritySummary | null
  readonly says: string
}

/** Safe to repeat: what is back already is found to be back. */
export async function rollBack(run: RunningApply, reason: RollbackReason): Promise<ApplyReport> {
  const { entries } = run.record.journal
  if (phaseOf(entries) !== 'rolling-back' || askedRollback(entries) !== null) {
    const { because, verdict, askedBy, says } = reason
    await write(run, { entry: 'rolling-back', says, because, verdict, askedBy })
  }
  return finishRollback(run)
}

/** Goes on with a rollback that was begun, here or before a crash. */
export async function finishRollback(run: RunningApply): Promise<ApplyReport> {
  const { entries } = run.record.journal
  const begun = lastOf(entries, 'rolling-back')
  const notRestored = await restoreChanges(run)
  // What is back may hold others.
  await run.executor.discretion.learn()
  await write(run, { entry: 'restored', says: notRestored.length === 0 ? 'Everything is as it was before.' : '' })
  const notTold = await tellServices(run)
  const verdict = begun?.verdict ?? null
  const failures = [...notRestored, ...notTold]
  if (failures.length === 0)
    return close(
      run,
      { outcome: 'rolled-back', problem: begun?.because ?? null, verdict },
      'Rolled back. The host is as it was before.',
    )
  const stuck = problem('stuck', stuckDetail(failures))
  return close(
    run,
    { outcome: 'stuck', problem: stuck, verdict },
    'The rollback could not be finished. A person must look.',
  )
}

function stuckDetail(failures: readonly { readonly says: string; readonly step: string }[]): string {
  const steps = failures.map((failure) => `    ${failure.step}`)
  return `The host could not be put back as it was:\n${failures.map((failure) => `- ${failure.says}`).join('\n')}\n\nBy hand, in this order:\n${steps.join('\n')}`
}
