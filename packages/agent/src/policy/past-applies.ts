/** What was applied on this host lately, as its brakes count it. */
import type { ApplyReport } from '@fleetmend/shared'
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

function lastAtMs({ startedAt, endedAt }: ApplyReport): number {
  return Date.parse(endedAt ?? startedAt)
}
