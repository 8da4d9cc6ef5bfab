/** What a plan can do at worst, told from the plan itself, so that whoever asks for it has no say in it (DESIGN D4). */
import type { Change, Plan } from '../model/plan.ts'
import type { RiskClass } from '../model/policy.ts'

/**
 * A restart cuts off what is in flight; to unmask a service, or to start what a person stopped, sets aside what somebody
 * wanted. A service that is down and that nobody stopped has nothing to lose by a start.
 */
export function riskClass({ acts, changes, remediations }: Pick<Plan, 'acts' | 'changes' | 'remediations'>): RiskClass {
  const startsStopped =
    acts.some(({ act }) => act === 'start') && remediations.some(({ input }) => input['startStopped'] === true)
  const isStrong = startsStopped || acts.some(({ act }) => act === 'restart') || changes.some(unmasks)
  return isStrong ? 'restarts' : 'ordinary'
}

function unmasks(change: Change): boolean {
  return change.of === 'unit-setting' && change.setting !== 'enabled' && change.before && !change.after
}
