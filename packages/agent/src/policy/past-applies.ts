/** What was applied on this host lately, as its brakes and grants count it. */
import type { ApplyReport, GrantId } from '@fleetmend/shared'
import { remediesOf, type PastApply } from '../judgement/brakes.ts'
import { listApplies, readAppliedPlan } from '../state/apply-record.ts'
import type { StateFolder } from '../state/state-folder.ts'

/** No brake counts further back: a cool-down is a day at most. */
const rememberedMs = 24 * 60 * 60_000

/** Without those that were refused, which did nothing. */
export async function pastApplies(state: StateFolder, nowMs: number): Promise<readonly PastApply[]> {
  const reports = (await listApplies(state)).filter(
    (report) => report.outcome !== 'refused' && Math.abs(nowMs - lastAtMs(report)) <= rememberedMs,
  )
  return Promise.all(
    reports.map(async (report) => {
      const applied = await readAppliedPlan(state, report.apply)
      return {
        apply: report.apply,
        startedAtMs: Date.parse(report.startedAt),
        endedAtMs: report.endedAt === null ? null : Date.parse(report.endedAt),
        remedies: applied ? remediesOf(applied.plan) : [],
      }
    }),
  )
}

/**
 * How often a grant was used in the last hour. Its uses are the applies that it admitted: their record is on disk before
 * anything begins, so that no crash gives a use back. One that was refused afterwards is spent as well.
 */
export async function usesOfGrant(state: StateFolder, grant: GrantId, nowMs: number): Promise<number> {
  // Also of what is to come: that was before the clock was set back.
  const isRecent = (at: string): boolean => Math.abs(nowMs - Date.parse(at)) < 60 * 60_000
  return (await listApplies(state)).filter(
    ({ authority, startedAt }) => authority.grant === grant && isRecent(startedAt),
  ).length
}

function lastAtMs({ startedAt, endedAt }: ApplyReport): number {
  return Date.parse(endedAt ?? startedAt)
}
