/**
 * Admits an apply: the plan is known, in time and unused, somebody may, and no brake of this host holds it back. Only then
 * is there a record to follow.
 */
import {
  problem,
  type ApplyReport,
  type AuthoritySummary,
  type PlanRecord,
  type Policy,
  type Problem,
} from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { heldBack } from '../policy/held-back.ts'
import { readHostLimits } from '../policy/host-limits.ts'
import { createApplyRecord, type ApplyRecord } from '../state/apply-record.ts'
import { loadPlan } from '../state/plan-store.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { discretion } from './discretion.ts'
import { inProgressDetail, lockOwner } from './lock.ts'
import { close } from './running-apply.ts'

/** The host's own check of who allows it (DESIGN D4), with its approvers and clock already in it. */
export type Authorise = (
  plan: PlanRecord,
  policy: Policy,
) => { readonly ok: true; readonly summary: AuthoritySummary } | { readonly ok: false; readonly problem: Problem }

export type Admitted =
  | { readonly ok: true; readonly value: ApplyRecord }
  | { readonly ok: false; readonly problem: Problem }

export async function admit(
  host: ReadHost,
  state: StateFolder,
  digest: string,
  authorise: Authorise,
): Promise<Admitted> {
  const plan = await loadPlan(state, digest, host.id, host.nowMs())
  if (!plan.ok) return plan
  const limits = await readHostLimits(host)
  if (!limits.ok) return limits
  const authorised = authorise(plan.value.record, limits.value.policy)
  if (!authorised.ok) return authorised
  // Answered early for the person who waits; what counts is the lock itself, taken where the work is done.
  const owner = await lockOwner(state, host)
  if (owner !== null) return { ok: false, problem: problem('apply-in-progress', inProgressDetail(owner)) }
  const held = await heldBack(state, limits.value, plan.value.record.plan, host.nowMs(), authorised.summary)
  if (held !== null) return { ok: false, problem: held }
  const created = await createApplyRecord(state, plan.value.record, authorised.summary, host.nowMs())
  return created.ok ? created : { ok: false, problem: problem('check-failed', created.says) }
}

/** For an apply that was admitted but could not be begun: its record is closed, and the plan stays unused. */
export async function withdraw(host: ReadHost, record: ApplyRecord, because: Problem): Promise<ApplyReport> {
  return close(
    { executor: { host, discretion: discretion(host) }, record },
    { outcome: 'refused', problem: because, verdict: null },
    'Not begun. Nothing was changed.',
  )
}
