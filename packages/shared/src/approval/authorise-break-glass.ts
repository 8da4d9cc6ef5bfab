/** Whether one person may go ahead alone, for a reason that they signed. Pure. */
import type { BreakGlass } from './authority.ts'
import { breakGlassBytes } from './break-glass.ts'
import { BREAK_GLASS_NAMESPACE } from './namespaces.ts'
import { notAuthorised, type Authorised, type Presented, type Terms } from './presented.ts'
import { notOfThisPlanNow } from './signed-manifest.ts'
import { readVote } from './votes.ts'

/** It stands in for the number of approvals and for who they are from, and for nothing else that holds here. */
export function authoriseBreakGlass(presented: Presented, authority: BreakGlass, terms: Terms | null): Authorised {
  const elsewhere = notOfThisPlanNow(presented, authority)
  if (elsewhere) return elsewhere
  const { approvers, nowMs } = presented
  const { manifest, reason, signature } = authority
  if (terms && !terms.policy.breakGlass) {
    return notAuthorised(
      'break-glass-forbidden',
      'Cannot apply: by the policy of this host nobody goes ahead alone, whatever the reason. Have it approved.',
    )
  }
  const message = breakGlassBytes(authority)
  // A line that names nothing was written by somebody who thought of approvals.
  const vote = readVote(signature, { message, namespace: BREAK_GLASS_NAMESPACE, mustBeNamed: true }, approvers, nowMs)
  if (!vote.ok) return notAuthorised(vote.code, `Cannot apply: the break-glass signature does not count: ${vote.says}.`)
  return { ok: true, summary: { kind: 'break-glass', by: [vote.approver.principal], run: manifest.run, reason } }
}
