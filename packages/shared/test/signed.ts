/** What people sign, made in this process by their keys: the same documents as a controller hands on to a host. */
import type { Approval, BreakGlass, SignedGrant } from '../src/approval/authority.ts'
import { breakGlassBytes } from '../src/approval/break-glass.ts'
import { grantBytes, type Grant } from '../src/approval/grant.ts'
import { manifestBytes, type Manifest } from '../src/approval/manifest.ts'
import { APPROVAL_NAMESPACE, BREAK_GLASS_NAMESPACE, GRANT_NAMESPACE } from '../src/approval/namespaces.ts'
import type { PlanTree } from '../src/approval/plan-tree.ts'

export interface Signer {
  readonly publicKey: string
  sign(message: Uint8Array, namespace: string): string
}

/** Of a run that repairs the shop, unless the terms say otherwise. */
export function manifestOver(
  tree: PlanTree,
  terms: Pick<Manifest, 'notBefore' | 'notAfter'> & Partial<Manifest>,
): Manifest {
  return {
    format: 'fleetmend.manifest/1',
    run: 'r-20261121-031455-41bd',
    requester: 'ana',
    reason: '502s on shop since 03:02',
    waves: { canaryHosts: 1, batchHosts: 5 },
    hosts: tree.size,
    root: tree.root,
    ...terms,
  }
}

/** A manifest, and that the plan of one host is under it. */
export type Shown = Pick<Approval, 'manifest' | 'proof'>

export function signApproval(
  signers: readonly Signer[],
  { manifest, proof }: Shown,
  namespace = APPROVAL_NAMESPACE,
): Approval {
  const signatures = signers.map((signer) => signer.sign(manifestBytes(manifest), namespace))
  return { kind: 'approval', format: 'fleetmend.approval/1', scheme: 'sshsig', manifest, signatures, proof }
}

export function signBreakGlass(
  signer: Signer,
  { manifest, proof }: Shown,
  reason: string,
  namespace = BREAK_GLASS_NAMESPACE,
): BreakGlass {
  const signature = signer.sign(breakGlassBytes({ manifest, reason }), namespace)
  return {
    kind: 'break-glass',
    format: 'fleetmend.break-glass/1',
    scheme: 'sshsig',
    manifest,
    reason,
    signature,
    proof,
  }
}

/** Of a runbook of the night, once an hour, unless the terms say otherwise. */
export function sampleGrant(
  terms: Pick<Grant, 'remediations' | 'inputs' | 'hosts' | 'notBefore' | 'notAfter'> & Partial<Grant>,
): Grant {
  return {
    format: 'fleetmend.grant/1',
    id: 'g-20261120-091500-7c02',
    reason: 'the night runbook',
    perHour: 1,
    watchAtLeastMs: 0,
    ...terms,
  }
}

export function signGrant(signers: readonly Signer[], grant: Grant, namespace = GRANT_NAMESPACE): SignedGrant {
  const signatures = signers.map((signer) => signer.sign(grantBytes(grant), namespace))
  return { kind: 'grant', format: 'fleetmend.signed-grant/1', scheme: 'sshsig', grant, signatures }
}
