/**
 * Whether a host may begin to apply a plan. The host decides this itself, with its own list of approvers and its own
 * clock: a controller can withhold an approval, it cannot make one. Pure.
 */
import type { Digest, HostId } from '../model/ids.ts'
import type { AuthoritySummary } from '../model/apply.ts'
import type { Problem } from '../model/problem.ts'
import { problem } from '../problems.ts'
import type { Approver, Approvers } from './allowed-signers.ts'
import type { Approval, Authority } from './authority.ts'
import { manifestBytes } from './manifest.ts'
import { isInTree } from './plan-tree.ts'
import { APPROVAL_NAMESPACE, verifySshSignature } from './sshsig.ts'

export interface ApprovalPolicy {
  /** Different people, with different keys, who must have signed. At least one. */
  readonly approvalsNeeded: number
}

export interface AuthoriseInput {
  readonly host: HostId
  readonly plan: Digest
  /** The plan's nonce is in the host's list of used ones: it was applied, or its apply was begun. */
  readonly nonceUsed: boolean
  readonly authority: Authority
  readonly approvers: Approvers
  readonly policy: ApprovalPolicy
  readonly nowMs: number
}

export type Authorised =
  | { readonly ok: true; readonly by: readonly string[]; readonly summary: AuthoritySummary }
  | { readonly ok: false; readonly problem: Problem }

export function authorise(input: AuthoriseInput): Authorised {
  const { authority, nonceUsed, policy } = input
  if (!(policy.approvalsNeeded >= 1)) throw new RangeError('A policy needs at least one approval. This is a bug.')
  if (nonceUsed)
    return refuse('plan-used', 'Cannot apply: this plan was applied before. Plan again to see what is left to do.')
  if (authority.kind === 'local-root') {
    const by = [authority.person]
    return { ok: true, by, summary: { kind: 'local-root', by } }
  }
  return outOfTime(authority, input.nowMs) ?? outOfTree(authority, input) ?? countApprovals(authority, input)
}

function outOfTime({ manifest }: Approval, nowMs: number): Authorised | null {
  const { run, notBefore, notAfter } = manifest
  if (nowMs < Date.parse(notBefore)) {
    return refuse(
      'not-approved',
      `Cannot apply yet: the approval of ${run} holds from ${notBefore}, and it is ${instant(nowMs)} on this host. ` +
        'Wait, or check the clocks.',
    )
  }
  if (nowMs >= Date.parse(notAfter)) {
    return refuse(
      'approval-expired',
      `Cannot apply: the approval of ${run} held until ${notAfter}, and it is ${instant(nowMs)} on this host. ` +
        'Plan again and have it approved.',
    )
  }
  return null
}

function outOfTree({ manifest, proof }: Approval, { host, plan }: AuthoriseInput): Authorised | null {
  const fits = proof.size === manifest.hosts && isInTree({ host, digest: plan }, proof, manifest.root)
  if (fits) return null
  return refuse(
    'not-approved',
    `Cannot apply: what was approved in ${manifest.run} is not plan ${plan} on ${host}. ` +
      'The plan was made again after the approval, or it belongs to another host. Have this plan approved.',
  )
}

function countApprovals(approval: Approval, { approvers, policy, nowMs }: AuthoriseInput): Authorised {
  const message = manifestBytes(approval.manifest)
  const votes: Approver[] = []
  const notCounted: string[] = []
  for (const [index, armored] of approval.signatures.entries()) {
    const vote = readVote(armored, message, approvers, nowMs)
    if (typeof vote === 'string') notCounted.push(`Signature ${index + 1} does not count: ${vote}.`)
    else votes.push(vote)
  }
  // A key stands for one person and stands once in the list, but a person may have several keys.
  const by = [...new Set(votes.map(({ principal }) => principal))]
  const keys = new Set(votes.map(({ fingerprint }) => fingerprint))
  if (Math.min(by.length, keys.size) >= policy.approvalsNeeded) {
    return { ok: true, by, summary: { kind: 'approval', by, run: approval.manifest.run } }
  }
  return refuse('not-approved', shortOf(by, policy.approvalsNeeded, notCounted, approvers))
}

/** Whose signature it is, or why it does not count, as a clause. */
function readVote(armored: string, message: Buffer, { approvers }: Approvers, nowMs: number): Approver | string {
  const verified = verifySshSignature(armored, message, APPROVAL_NAMESPACE)
  if (!verified.ok) return verified.says
  const { type, fingerprint } = verified.signer
  const approver = approvers.find((known) => known.fingerprint === fingerprint)
  if (approver === undefined) return `its key (${type} ${fingerprint}) is not in the list of approvers of this host`
  const { principal, namespaces, validAfterMs, validBeforeMs, line } = approver
  const key = `the key of ${principal} (line ${line})`
  if (namespaces !== null && !namespaces.includes(APPROVAL_NAMESPACE)) return `${key} is not for approvals`
  if (validAfterMs !== null && nowMs < validAfterMs) return `${key} is valid only from ${instant(validAfterMs)}`
  if (validBeforeMs !== null && nowMs > validBeforeMs) return `${key} was valid only until ${instant(validBeforeMs)}`
  return approver
}

function shortOf(
  by: readonly string[],
  needed: number,
  notCounted: readonly string[],
  { approvers, refused }: Approvers,
): string {
  const people = needed === 1 ? 'one person' : `${needed} different people`
  const have = by.length === 0 ? 'Nobody whose signature counts here has approved.' : `Only ${by.join(', ')} approved.`
  const list =
    approvers.length === 0 ? ['The list of approvers of this host, /etc/fleetmend/approvers, names nobody.'] : []
  const lines = refused.map(({ line, says }) => `Line ${line} of /etc/fleetmend/approvers was refused: ${says}.`)
  const toDo = 'Have it approved by somebody in that list, or correct the list on this host.'
  return [
    `Cannot apply: this host asks for the approval of ${people}. ${have}`,
    ...notCounted,
    ...list,
    ...lines,
    toDo,
  ].join('\n')
}

function refuse(code: Problem['code'], detail: string): Authorised {
  return { ok: false, problem: problem(code, detail) }
}

function instant(ms: number): string {
  return new Date(ms).toISOString()
}
