/** An approval of one plan, as a controller would hand it on: signed, over a manifest with that plan alone. */
import { manifestBytes, planTree, type Approval, type Manifest, type PlanRecord } from '@fleetmend/shared'
import type { HardwareKey } from '../../packages/shared/test/hardware-key.ts'

export function approvalOf({ digest, plan }: PlanRecord, by: HardwareKey): Approval {
  const tree = planTree([{ host: plan.host, digest }])
  const proof = tree.proofOf(plan.host)
  if (!proof) throw new Error('The plan is not in its own tree.')
  const manifest: Manifest = {
    format: 'fleetmend.manifest/1',
    run: 'r-20261121-031455-41bd',
    requester: 'olivia',
    reason: 'to try it',
    waves: { canaryHosts: 1, batchHosts: 5 },
    notBefore: plan.madeAt,
    notAfter: plan.expiresAt,
    hosts: tree.size,
    root: tree.root,
  }
  return {
    kind: 'approval',
    format: 'fleetmend.approval/1',
    scheme: 'sshsig',
    manifest,
    signatures: [by.sign(manifestBytes(manifest), 'fleetmend-approval@v1')],
    proof,
  }
}
