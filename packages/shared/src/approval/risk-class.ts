/** What a plan can do at worst, told from the plan itself, so that whoever asks for it has no say in it (DESIGN D4). */
import type { Change, Plan } from '../model/plan.ts'
import type { RiskClass } from '../model/policy.ts'

/** What a start brings up, a restart cuts off: both are more than an edit and a reload, which lose nothing. */
export function riskClass({ acts, changes }: Pick<Plan, 'acts' | 'changes'>): RiskClass {
  const isStrong = acts.some(({ act }) => act === 'start' || act === 'restart') || changes.some(unmasks)
  return isStrong ? 'restarts' : 'ordinary'
}

function unmasks(change: Change): boolean {
  return change.of === 'unit-setting' && change.setting !== 'enabled' && change.before && !change.after
}
