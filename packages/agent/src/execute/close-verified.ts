/** The end of an apply: looks again, and closes it with what was seen, or rolls back what did not help. */
import { problem, type ApplyReport, type Problem } from '@fleetmend/shared'
import { lastOf } from '../state/apply-report.ts'
import type { JournalEntry } from '../state/journal-entry.ts'
import { rollBack } from './roll-back.ts'
import { close, note, write, type RunningApply } from './running-apply.ts'
import { reviveServices } from './tell-services.ts'
import { settleMs, verify } from './verify.ts'

/** Also after a crash: what happened before is read from the journal, never remembered. */
export async function closeVerified(run: RunningApply): Promise<ApplyReport> {
  const { plan } = run.record.plan
  const after = failedAct(run.record.journal.entries)
  const baseline = lastOf(run.record.journal.entries, 'intent')?.baseline
  if (!baseline) throw new Error('An apply is verified that was never begun. This is a bug.')
  if (after !== null) await reviveServices(run)
  await write(run, {
    entry: 'watching',
    says:
      plan.watchMs > 0 && after === null
        ? `Looking again, then watching for ${plan.watchMs / 1000} s.`
        : 'Looking again.',
  })
  const { outcome, verdict } = await verify(
    run.executor,
    { plan: after === null ? plan : { ...plan, watchMs: 0 }, baseline, atMs: endOfActs(run) },
    (says) => note(run, says),
    // What was not done does not begin to show its effect.
    after === null ? settleMs : 0,
  )
  if (after !== null)
    return close(
      run,
      { outcome: 'not-fixed', problem: after, verdict },
      'Not done. No file was changed, so there is nothing to roll back.',
    )
  switch (outcome) {
    case 'fixed':
      return close(run, { outcome, problem: null, verdict }, plan.mayReturn ? 'Undone.' : 'Fixed.')
    case 'cleared-still-failing':
      return close(run, { outcome, problem: null, verdict }, plan.mayReturn ? failsAgain : failsOtherwise)
    case 'inconclusive':
      return close(run, { outcome, problem: null, verdict }, 'Inconclusive: the change stays, but nothing proved it.')
    case 'not-cleared':
    case 'worse': {
      const because = problem(
        'not-verified',
        `${verdict.watch !== null && outcome === 'worse' ? `${verdict.watch.says} ` : ''}${verdict.says}`,
      )
      if (plan.changes.length === 0)
        return close(
          run,
          { outcome: 'not-fixed', problem: because, verdict },
          'Not fixed. The plan changed no file, so there is nothing to roll back.',
        )
      return rollBack(run, { because, verdict, askedBy: null, says: 'Not better than before. Rolling back.' })
    }
  }
}

/** Also when a crash came between. */
function endOfActs({ record, executor }: RunningApply): number {
  const ended = lastOf(record.journal.entries, 'act-ended')
  return ended ? Date.parse(ended.at) : executor.host.nowMs()
}

const failsOtherwise = 'Cleared, but the host still fails for another reason.'
const failsAgain = 'Undone. The host fails with what was there before, as it may.'

/** An act that failed, in a plan that changed no file: only such a plan gets here with one. */
function failedAct(entries: readonly JournalEntry[]): Problem | null {
  const failed = entries.find((each) => each.entry === 'act-ended' && each.came !== 'did')
  return failed ? problem('act-failed', failed.says) : null
}
