/** Where not enough people have signed: in which words, and by which code, they are told. Pure. */
import type { Approvers } from './allowed-signers.ts'
import { notAuthorised, type NotAuthorised } from './presented.ts'
import { principalsOf, type Votes } from './votes.ts'

export function tooFew(votes: Votes, needed: number, approvers: Approvers): NotAuthorised {
  // Where nobody counts, why the first does not says more than that somebody is missing.
  const isNobody = votes.counted.length === 0
  const code = (isNobody ? votes.notCounted[0]?.code : null) ?? 'approval-too-few'
  return notAuthorised(code, shortOf(votes, needed, approvers))
}

function shortOf({ counted, notCounted }: Votes, needed: number, { approvers, refused }: Approvers): string {
  const by = principalsOf(counted)
  const have = by.length === 0 ? 'Nobody whose signature counts here has signed.' : `Only ${by.join(', ')} signed.`
  const uncounted = notCounted.map(({ number, says }) => `Signature ${number} does not count: ${says}.`)
  const list =
    approvers.length === 0 ? ['The list of approvers of this host, /etc/fleetmend/approvers, names nobody.'] : []
  const lines = refused.map(({ line, says }) => `Line ${line} of /etc/fleetmend/approvers was refused: ${says}.`)
  const twice = by.length < counted.length ? ['Whoever signs twice, or with two keys, counts once.'] : []
  return [
    `Cannot apply: this host asks for the approval of ${people(needed)}. ${have}`,
    ...twice,
    ...uncounted,
    ...list,
    ...lines,
    'Have it approved by somebody in that list, or correct the list on this host.',
  ].join('\n')
}

export function people(needed: number): string {
  return needed === 1 ? 'one person' : `${needed} different people`
}
