/** What a person would do next with a run, as a command to copy. */
import { hasEnded, manifestDigest, safeLine, type Digest, type Run } from '@fleetmend/shared'
import type { Streams } from '../streams.ts'

export function sayNext(streams: Pick<Streams, 'err'>, run: Run): void {
  const next = nextCommand(run)
  if (next !== null) streams.err(`\n${next}\n`)
}

/** Null when there is nothing to do. */
function nextCommand(run: Run): string | null {
  if (run.state === 'holding') {
    const held = run.groups.filter(({ promoted }) => promoted === null).map(({ key }) => key)
    const promote = held.map((key) => `    fleetmend runs promote ${run.id} --group ${key}`)
    return `The canary had too little traffic to tell. To let the rest follow, or to end the run:\n${promote.join('\n')}\n    fleetmend runs abort ${run.id} --reason WHY`
  }
  if (run.state === 'awaiting-approval' && run.manifest) return howToAllow(run, manifestDigest(run.manifest))
  if (run.state === 'approved') return `To carry it out:\n    fleetmend apply ${run.id}`
  if (!hasEnded(run.state)) return `To follow it:\n    fleetmend runs watch ${run.id}`
  const mayTryAgain = run.hosts.filter(({ state }) => state === 'stale' || state === 'skipped').map(({ id }) => id)
  if (mayTryAgain.length === 0) return null
  return `To plan again for those that were left alone:\n    fleetmend plan ${mayTryAgain.slice(0, 20).join(' ')}`
}

function howToAllow({ id, approvals, limits, request, requester }: Run, digest: Digest): string {
  const owesRequest = limits.requesterMayApprove === false && request === null
  const sign = `A host in it does not count whoever asked. For ${safeLine(requester)}, to sign that:\n    fleetmend request ${id} --digest ${digest}`
  const approve = `To approve it:\n    fleetmend approve ${id} --digest ${digest}`
  return [...(owesRequest ? [sign] : []), ...(approvals.length < limits.approvalsNeeded ? [approve] : [])].join('\n')
}
