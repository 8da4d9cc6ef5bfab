/** Whether a grant that was signed in advance lets a plan be applied, here, now, and once more. Pure. */
import type { SignedGrant } from './authority.ts'
import { grantBytes, whyNotCovered } from './grant.ts'
import { GRANT_NAMESPACE } from './namespaces.ts'
import {
  instantOf,
  notAuthorised,
  type Authorised,
  type NotAuthorised,
  type Presented,
  type Terms,
} from './presented.ts'
import { riskClass } from './risk-class.ts'
import { tooFew } from './too-few.ts'
import { principalsOf, readVotes } from './votes.ts'

export function authoriseGrant(presented: Presented, authority: SignedGrant, terms: Terms | null): Authorised {
  const elsewhere = outOfReach(presented, authority)
  if (elsewhere) return elsewhere
  const { approvers, nowMs } = presented
  const { grant: given, signatures } = authority
  if (terms && !terms.policy.grants)
    return notAuthorised('grant-forbidden', 'Cannot apply: by the policy of this host nothing is granted in advance.')
  const signable = { message: grantBytes(given), namespace: GRANT_NAMESPACE }
  const votes = readVotes(signatures, signable, approvers, nowMs)
  const by = principalsOf(votes.counted)
  const needed = terms?.policy[riskClass(terms.plan)] ?? 1
  if (by.length < needed) return tooFew(votes, needed, approvers)
  if (terms) {
    const uncovered = whyNotCovered(given, terms.plan)
    if (uncovered)
      return notAuthorised(uncovered.code, `Cannot apply: ${uncovered.says} Have this plan approved instead.`)
    if (terms.grantUses >= given.perHour) {
      const times = given.perHour === 1 ? 'once' : `${given.perHour} times`
      return notAuthorised(
        'grant-used-up',
        `Cannot apply: ${given.id} may be used ${times} an hour on a host, and was. What does not hold for an hour needs ` +
          'a person: have this plan approved, or wait.',
      )
    }
  }
  return { ok: true, summary: { kind: 'grant', by: [...by], grant: given.id } }
}

function outOfReach({ host, fleet, nowMs }: Presented, { grant: given }: SignedGrant): NotAuthorised | null {
  const { id, notBefore, notAfter, hosts } = given
  const now = `it is ${instantOf(nowMs)} on this host`
  if (nowMs < Date.parse(notBefore))
    return notAuthorised('grant-not-yet', `Cannot apply yet: ${id} holds from ${notBefore}, and ${now}.`)
  if (nowMs >= Date.parse(notAfter))
    return notAuthorised(
      'grant-expired',
      `Cannot apply: ${id} held until ${notAfter}, and ${now}. Have a new one signed:\n    fleetmend grants sign --help`,
    )
  if ('named' in hosts)
    return hosts.named.includes(host)
      ? null
      : notAuthorised('grant-not-for-this-host', `Cannot apply: ${id} names other hosts, and not ${host}.`)
  if (hosts.fleet === fleet) return null
  const here = fleet === null ? 'belongs to no fleet' : `belongs to ${fleet}`
  return notAuthorised(
    'grant-not-for-this-host',
    `Cannot apply: ${id} is for fleet ${hosts.fleet}, and this host ${here}.`,
  )
}
