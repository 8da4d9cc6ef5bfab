/** Whether a manifest that people signed is about this plan on this host, and about now. Pure. */
import type { Approval, BreakGlass } from './authority.ts'
import { isInTree } from './plan-tree.ts'
import { instantOf, notAuthorised, type NotAuthorised, type Presented } from './presented.ts'

/** Null: it is. */
export function notOfThisPlanNow(presented: Presented, authority: Approval | BreakGlass): NotAuthorised | null {
  return outOfTime(presented, authority) ?? outOfTree(presented, authority)
}

function outOfTime({ nowMs }: Presented, { manifest }: Approval | BreakGlass): NotAuthorised | null {
  const { run, notBefore, notAfter } = manifest
  if (nowMs < Date.parse(notBefore)) {
    return notAuthorised(
      'approval-not-yet',
      `Cannot apply yet: the approval of ${run} holds from ${notBefore}, and it is ${instantOf(nowMs)} on this host. ` +
        'Wait, or check the clocks.',
    )
  }
  if (nowMs >= Date.parse(notAfter)) {
    return notAuthorised(
      'approval-expired',
      `Cannot apply: the approval of ${run} held until ${notAfter}, and it is ${instantOf(nowMs)} on this host. ` +
        'Plan again and have it approved.',
    )
  }
  return null
}

function outOfTree({ host, digest }: Presented, { manifest, proof }: Approval | BreakGlass): NotAuthorised | null {
  const fits = proof.size === manifest.hosts && isInTree({ host, digest }, proof, manifest.root)
  if (fits) return null
  return notAuthorised(
    'approval-of-another-plan',
    `Cannot apply: what was approved in ${manifest.run} is not plan ${digest} on ${host}. ` +
      'The plan was made again after the approval, or it belongs to another host. Have this plan approved.',
  )
}
