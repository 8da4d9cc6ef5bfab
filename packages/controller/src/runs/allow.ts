/**
 * What lets a run be begun, and what forbids it: approvals, the signed request, a broken glass, a grant, a denial. Nothing
 * here makes a host do anything: each checks the same signatures by its own list. Pure.
 */
import { manifestDigest, whyNotCovered, type Digest, type Run, type RunApproval } from '@fleetmend/shared'
import type { PersonEvent } from './run-event.ts'
import { end, moved, note, stop } from './settle.ts'
import { isIn, notReady, refused, type Step } from './step.ts'

type Of<Type extends PersonEvent['type']> = Extract<PersonEvent, { type: Type }>

export function approved(run: Run, { digest, approval }: Of<'approved'>): Step {
  const wrong = cannotBeSigned(run, digest)
  if (wrong) return wrong
  const known = run.approvals.find((each) => isSamePerson(each, approval))
  if (known) return notReady(run, `${known.principal} approved it already, and everybody counts once`)
  if (requesterIsExcluded(run) && isRequester(run, approval)) {
    return refused(
      'requester-approved',
      `Cannot approve ${run.id}: ${approval.principal} asked for it, and a host in it does not count whoever asked. Have somebody else approve it:\n    fleetmend approve ${run.id}`,
    )
  }
  return moved(withState({ ...run, approvals: [...run.approvals, approval] }))
}

export function requestSigned(run: Run, { digest, request }: Of<'request-signed'>): Step {
  const wrong = cannotBeSigned(run, digest)
  if (wrong) return wrong
  if (request.principal !== run.requester) {
    return refused(
      'request-not-signed',
      `Cannot take this for the request of ${run.id}: ${run.requester} asked for it, and this is signed by ${request.principal}.`,
    )
  }
  if (run.request) return notReady(run, 'its request is signed already')
  // Whoever approved before it was known who asked counts no more.
  const approvals = run.approvals.filter((each) => !isSamePerson(each, request))
  return moved(withState({ ...run, request, approvals }))
}

export function glassBroken(run: Run, { at, digest, breakGlass }: Of<'glass-broken'>): Step {
  const wrong = cannotBeSigned(run, digest)
  if (wrong) return wrong
  if (run.breakGlass) return notReady(run, `${run.breakGlass.principal} broke the glass already`)
  const says = `BREAK-GLASS: ${breakGlass.principal} goes ahead alone: ${breakGlass.reason}`
  return moved({ ...note(run, at, says), breakGlass, state: 'approved' })
}

export function grantPresented(run: Run, { at, by, grant: signed }: Of<'grant-presented'>): Step {
  const { grant } = signed
  if (!run.manifest || !isIn(run, 'awaiting-approval', 'approved')) return notReady(run, 'there is nothing to approve')
  if (at < grant.notBefore) return refused('grant-not-yet', `${grant.id} holds only from ${grant.notBefore}.`)
  if (at >= grant.notAfter) return refused('grant-expired', `${grant.id} held until ${grant.notAfter}.`)
  for (const group of run.groups) {
    const uncovered = whyNotCovered(grant, { ...group, watchMs: run.asked.watchMs })
    if (uncovered) return refused(uncovered.code, `${uncovered.says} On ${group.hosts.join(', ')}.`)
  }
  const { hosts } = grant
  const others = 'named' in hosts ? run.hosts.filter(({ id, plan }) => plan && !hosts.named.includes(id)) : []
  if (others.length > 0) {
    const names = others.map(({ id }) => id).join(', ')
    return refused('grant-not-for-this-host', `${grant.id} does not name ${names}. Plan without them.`)
  }
  const says = `${by} presented ${grant.id}, signed in advance: ${grant.reason}`
  return moved({ ...note(run, at, says), grant: signed, state: 'approved' })
}

export function denied(run: Run, { at, by, reason }: Of<'denied'>): Step {
  if (!isIn(run, 'awaiting-approval', 'approved')) return notReady(run, 'there is nothing to deny')
  return moved(end(stop(run, { to: 'denied', by, says: `Denied by ${by}: ${reason}` }), 'denied', at))
}

/** Why a run that waits cannot be begun yet, with the next command. */
export function whatIsMissing(run: Run): string {
  const { approvals, limits, id } = run
  if (approvals.length >= limits.approvalsNeeded)
    return `a host in it does not count whoever asked, so ${run.requester} must sign the request.\n\nHave them sign it:\n    fleetmend request ${id}`
  return `${approvals.length} of ${limits.approvalsNeeded} needed approvals are there.\n\nHave it approved:\n    fleetmend approve ${id}`
}

function cannotBeSigned(run: Run, digest: Digest): Step | null {
  if (!run.manifest || !isIn(run, 'awaiting-approval', 'approved')) return notReady(run, 'there is nothing to approve')
  const expected = manifestDigest(run.manifest)
  if (digest === expected) return null
  return refused(
    'wrong-digest',
    `Cannot approve ${run.id}: what was signed is ${digest}, and the manifest of this run is ${expected}. Look at the plans again:\n    fleetmend runs show ${run.id}`,
  )
}

function withState(run: Run): Run {
  if (run.breakGlass || run.grant) return run
  const isEnough = run.approvals.length >= run.limits.approvalsNeeded
  return { ...run, state: isEnough && (run.request || !requesterIsExcluded(run)) ? 'approved' : 'awaiting-approval' }
}

function requesterIsExcluded({ limits }: Run): boolean {
  return limits.requesterMayApprove === false
}

function isRequester({ requester, request }: Run, approval: RunApproval): boolean {
  return approval.principal === requester || (request !== null && isSamePerson(request, approval))
}

function isSamePerson(one: RunApproval, other: RunApproval): boolean {
  return one.principal === other.principal || one.fingerprint === other.fingerprint
}
