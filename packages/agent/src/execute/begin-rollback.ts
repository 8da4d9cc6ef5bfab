/** From a finished apply to a rollback that runs: asked for in its journal, and begun in a unit of its own (DESIGN D9). */
import { problem, type ApplyId, type AuthoritySummary, type Problem } from '@fleetmend/shared'
import { recordRollback } from '../audit/on-record.ts'
import { openApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import { askedRollback, lastOf, phaseOf, phasedTimeline } from '../state/apply-report.ts'
import type { Started } from './apply-unit.ts'
import type { Executor } from './executor.ts'
import { inProgressDetail, takeLock, unfinishedDetail } from './lock.ts'
import { refuseRollback } from './roll-back-apply.ts'
import { write } from './running-apply.ts'

export type StartRollback = (id: ApplyId) => Promise<Started>

export interface RollbackBegun {
  readonly id: ApplyId
  /** Lines of its timeline from before: who follows the rollback begins after these. */
  readonly seen: number
}

export type BegunRollback =
  | { readonly ok: true; readonly value: RollbackBegun }
  | { readonly ok: false; readonly problem: Problem }

/** Never blocked by a brake (DESIGN D5): whoever may look at the host may also want it back. */
export async function beginRollback(
  executor: Pick<Executor, 'host' | 'state' | 'self' | 'discretion'>,
  id: string,
  askedBy: AuthoritySummary,
  start: StartRollback,
): Promise<BegunRollback> {
  const { host, state, self } = executor
  const found = await openApplyRecord(state, id)
  if (!found.ok) return found
  const lock = await takeLock(state, host, self, found.value.id)
  if (!lock.ok) return { ok: false, problem: problem('apply-in-progress', inProgressDetail(lock.owner)) }
  const asked = await ask(executor, found.value.id, askedBy)
  await lock.value.release()
  if (!asked.ok) return asked
  const { record, seen } = asked.value
  // Never in the way of a rollback: where it cannot be put on record, its journal has it.
  await recordRollback({ host, state }, record.id, askedBy.by.join(', '))
  const started = await start(record.id)
  if (started.ok) return { ok: true, value: { id: record.id, seen } }
  await refuseRollback({ executor, record }, started.problem)
  return started
}

/** Under the lock, so that nobody else writes into this journal. */
async function ask(
  executor: Pick<Executor, 'host' | 'state' | 'discretion'>,
  id: ApplyId,
  askedBy: AuthoritySummary,
): Promise<
  | { readonly ok: true; readonly value: { readonly record: ApplyRecord; readonly seen: number } }
  | { readonly ok: false; readonly problem: Problem }
> {
  const opened = await openApplyRecord(executor.state, id)
  if (!opened.ok) return opened
  const record = opened.value
  const { entries } = record.journal
  const nothing = nothingToRollBack(record)
  if (nothing !== null) return { ok: false, problem: nothing }
  const seen = phasedTimeline(entries).length
  if (isCutOff(record)) return { ok: true, value: { record, seen } }
  await record.journal.reserve()
  const says = `A rollback was asked for by ${askedBy.by.join(', ')}.`
  await write({ executor, record }, { entry: 'rollback-asked', says, askedBy })
  return { ok: true, value: { record, seen } }
}

/** Asked for before and cut off in the middle: asking again goes on with that one. */
function isCutOff({ journal: { entries } }: ApplyRecord): boolean {
  return phaseOf(entries) === 'rolling-back' && askedRollback(entries) === null
}

function nothingToRollBack(record: ApplyRecord): Problem | null {
  const { id, plan, journal } = record
  const phase = phaseOf(journal.entries)
  if (phase === 'rolling-back') return null
  if (phase !== 'closed') return problem('apply-in-progress', unfinishedDetail(id))
  const outcome = lastOf(journal.entries, 'closed')?.outcome
  if (outcome === 'refused') return problem('nothing-to-roll-back', `${id} was refused and changed nothing.`)
  if (outcome === 'rolled-back') return problem('nothing-to-roll-back', `${id} is rolled back already.`)
  return plan.plan.changes.length > 0
    ? null
    : problem('nothing-to-roll-back', `${id} changed no file. A start or a reload cannot be undone.`)
}
