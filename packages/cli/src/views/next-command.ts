/** What a person would do next with a run, as a command to copy. */
import {
  hasEnded,
  isToRetry,
  manifestDigest,
  safeLine,
  type Digest,
  type Follower,
  type Run,
  type RunHostState,
} from '@fleetmend/shared'
import type { Streams } from '../streams.ts'

export function sayNext(streams: Pick<Streams, 'err'>, run: Run, followedBy: readonly Follower[] = []): void {
  const next = nextCommand(run, followedBy)
  if (next !== null) streams.err(`\n${next}\n`)
}

/** Null when there is nothing to do. */
function nextCommand(run: Run, followedBy: readonly Follower[]): string | null {
  if (run.state === 'holding') {
    const left = new Set(run.hosts.flatMap(({ id, state }) => (state === 'waiting' ? id : [])))
    const held = run.groups.filter(({ hosts }) => hosts.some((id) => left.has(id))).map(({ key }) => key)
    const promote = held.map((key) => `    fleetmend runs promote ${run.id} --group ${key}`)
    return `A person decides. To let the next hosts follow, or to end the run:\n${promote.join('\n')}\n    fleetmend runs abort ${run.id} --reason WHY`
  }
  if (run.state === 'awaiting-approval' && run.manifest) return howToAllow(run, manifestDigest(run.manifest))
  if (run.state === 'approved') return `To carry it out:\n    fleetmend apply ${run.id}`
  if (!hasEnded(run.state)) return `To follow it:\n    fleetmend runs watch ${run.id}`
  const isLeft = run.hosts.some(isToRetry)
  const again = `To plan again for those that were not done:\n    fleetmend runs retry ${run.id}`
  const isBack = followedBy.some(({ as, state }) => as === 'rollback' && state === 'finished')
  const back = `To put back what it changed:\n    fleetmend runs rollback ${run.id}`
  return [...(isLeft ? [again] : []), ...(endedBadly(run) && !isBack ? [back] : [])].join('\n') || null
}

/** Something of it is in place, and it did not come to what was wanted. */
function endedBadly({ state, hosts }: Run): boolean {
  const isBad = state === 'halted' || state === 'aborted' || hosts.some((host) => wentBadly.has(host.state))
  return isBad && hosts.some((host) => inPlace.has(host.state))
}

const inPlace: ReadonlySet<RunHostState> = new Set(['fixed', 'cleared-still-failing', 'inconclusive'])
const wentBadly: ReadonlySet<RunHostState> = new Set(['cleared-still-failing', 'rolled-back', 'not-fixed', 'stuck'])

function howToAllow({ id, approvals, limits, request, requester }: Run, digest: Digest): string {
  const owesRequest = limits.requesterMayApprove === false && request === null
  const sign = `A host in it does not count whoever asked. For ${safeLine(requester)}, to sign that:\n    fleetmend request ${id} --digest ${digest}`
  const approve = `To approve it:\n    fleetmend approve ${id} --digest ${digest}`
  return [...(owesRequest ? [sign] : []), ...(approvals.length < limits.approvalsNeeded ? [approve] : [])].join('\n')
}
