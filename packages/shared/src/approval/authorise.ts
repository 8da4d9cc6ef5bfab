/**
 * Whether a host may begin to apply a plan. The host decides this itself, with its own list of approvers, its own policy
 * and its own clock: a controller can withhold what people signed, it cannot make it. Pure.
 */
import { authoriseApproval } from './authorise-approval.ts'
import { authoriseBreakGlass } from './authorise-break-glass.ts'
import { authoriseGrant } from './authorise-grant.ts'
import type { Authorised, Presented, Terms } from './presented.ts'

export function authorise(presented: Presented, terms: Terms): Authorised {
  return decide(presented, terms)
}

/** Whether anybody whom this host knows has signed for it at all. Who has no more than this is told nothing of a plan. */
export function isHeard(presented: Presented): Authorised {
  return decide(presented, null)
}

/** Without terms as little is asked for as any host could ask for. */
function decide(presented: Presented, terms: Terms | null): Authorised {
  const { authority } = presented
  switch (authority.kind) {
    case 'local-root':
      return { ok: true, summary: { kind: 'local-root', by: [authority.person] } }
    case 'approval':
      return authoriseApproval(presented, authority, terms)
    case 'break-glass':
      return authoriseBreakGlass(presented, authority, terms)
    case 'grant':
      return authoriseGrant(presented, authority, terms)
  }
}
