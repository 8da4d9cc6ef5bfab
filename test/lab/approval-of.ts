/** An approval of one plan, as a controller would hand it on: signed, over a manifest with that plan alone. */
import { planTree, type Approval, type PlanRecord } from '@fleetmend/shared'
import { manifestOver, signApproval, type Shown, type Signer } from '../../packages/shared/test/signed.ts'

export function approvalOf(record: PlanRecord, by: Signer): Approval {
  return signApproval([by], shownAlone(record))
}

/** What a person signs who has only that plan before them. */
export function shownAlone({ digest, plan: { host, madeAt, expiresAt } }: PlanRecord): Shown {
  const tree = planTree([{ host, digest }])
  const proof = tree.proofOf(host)
  if (!proof) throw new Error('The plan is not in its own tree.')
  const requester = 'olivia'
  const reason = 'to try it'
  return { manifest: manifestOver(tree, { requester, reason, notBefore: madeAt, notAfter: expiresAt }), proof }
}
