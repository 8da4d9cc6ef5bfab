/** A plan with what this host would say if it were applied now: about this moment, and so outside the digest. */
import { riskClass, type PlanRecord } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { bindsRoot, brakesOn } from '../judgement/brakes.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { brakeEnds } from './held-back.ts'
import { readHostLimits } from './host-limits.ts'
import { pastApplies } from './past-applies.ts'

export async function foreseen(host: ReadHost, state: StateFolder, record: PlanRecord): Promise<PlanRecord> {
  const limits = await readHostLimits(host)
  if (!limits.ok) {
    const [says = ''] = limits.problem.detail.split('\n')
    return { ...record, forecast: [...record.forecast, `Applied now, it would be refused. ${says}`] }
  }
  const { policy, zone } = limits.value
  const nowMs = host.nowMs()
  const brakes = brakesOn(record.plan, limits.value, await pastApplies(state, nowMs), nowMs)
  const held = brakes.map((brake) => {
    const when = bindsRoot(brake) ? 'Applied now' : 'Applied now with an approval'
    return `${when}, it would be refused. ${brake.says} ${brakeEnds(brake, zone, nowMs)}`
  })
  return {
    ...record,
    forecast: [...record.forecast, ...held],
    approvalsNeeded: policy.approvals[riskClass(record.plan)],
    ...(policy.approvals.requesterMayApprove ? {} : { requesterMayApprove: false }),
  }
}
