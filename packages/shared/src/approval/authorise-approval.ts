/** Whether an approval lets a plan be applied: enough different people, and where policy says so, not whoever asked. Pure. */
import type { Approval } from './authority.ts'
import { manifestBytes } from './manifest.ts'
import { APPROVAL_NAMESPACE, REQUEST_NAMESPACE } from './namespaces.ts'
import { notAuthorised, type Authorised, type NotAuthorised, type Presented, type Terms } from './presented.ts'
import { riskClass } from './risk-class.ts'
import { notOfThisPlanNow } from './signed-manifest.ts'
import { people, tooFew } from './too-few.ts'
import { principalsOf, readVote, readVotes } from './votes.ts'

export function authoriseApproval(presented: Presented, authority: Approval, terms: Terms | null): Authorised {
  const elsewhere = notOfThisPlanNow(presented, authority)
  if (elsewhere) return elsewhere
  const { approvers, nowMs } = presented
  const { manifest, signatures } = authority
  const signable = { message: manifestBytes(manifest), namespace: APPROVAL_NAMESPACE }
  const votes = readVotes(signatures, signable, approvers, nowMs)
  const needed = terms?.policy[riskClass(terms.plan)] ?? 1
  const by = principalsOf(votes.counted)
  if (by.length < needed) return tooFew(votes, needed, approvers)
  const allowed = (who: readonly string[]): Authorised => ({
    ok: true,
    summary: { kind: 'approval', by: [...who], run: manifest.run },
  })
  if (!terms || terms.policy.requesterMayApprove) return allowed(by)
  const requester = whoAsked(presented, authority)
  if (!requester.ok) return requester
  const others = by.filter((principal) => principal !== requester.principal)
  if (others.length >= needed) return allowed(others)
  return notAuthorised(
    'requester-approved',
    `Cannot apply: ${requester.principal} asked for ${manifest.run} and approved it too, and by the policy of this ` +
      `host the requester does not count. It asks for the approval of ${people(needed)} besides.`,
  )
}

/** Nobody but the requester can say who asked: a controller that could, would name somebody who is on leave. */
function whoAsked(
  { approvers, nowMs }: Presented,
  { manifest, request }: Approval,
): { readonly ok: true; readonly principal: string } | NotAuthorised {
  const unsigned = `Cannot apply: by the policy of this host the requester may not approve, so the request must be signed`
  const toDo = `Have ${manifest.requester} sign it:\n    fleetmend request ${manifest.run}`
  if (request === undefined) return notAuthorised('request-not-signed', `${unsigned}, and it is not. ${toDo}`)
  const signable = { message: manifestBytes(manifest), namespace: REQUEST_NAMESPACE }
  const vote = readVote(request, signable, approvers, nowMs)
  if (!vote.ok)
    return notAuthorised('request-not-signed', `${unsigned}. The signature does not count: ${vote.says}. ${toDo}`)
  const { principal } = vote.approver
  if (principal !== manifest.requester) {
    return notAuthorised(
      'request-not-signed',
      `${unsigned} by ${manifest.requester}, who is said to have asked. It is signed by ${principal}. ${toDo}`,
    )
  }
  return { ok: true, principal }
}
