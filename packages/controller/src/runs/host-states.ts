/** Hosts of a run by what their state means to it. */
import { standings, type Run, type RunHost, type Standing } from '@fleetmend/shared'

export function standingOf(host: RunHost): Standing {
  return standings[host.state]
}

/** Its turn comes, if the run comes to it. */
export function isLeftToBegin(host: RunHost): boolean {
  const standing = standingOf(host)
  return standing === 'waiting' || standing === 'away'
}

/** It was told to apply and is not heard of any more, though it is of the fleet: it may be at work. */
export function isGivenUp({ state, code }: RunHost): boolean {
  return state === 'unknown' && code !== 'host-removed'
}

/** Of a wave that has begun, and only waits for room. */
export function isCalled(host: RunHost): boolean {
  return standingOf(host) === 'waiting' && host.wave !== undefined
}

export function isToBeCalled(host: RunHost): boolean {
  return standingOf(host) === 'waiting' && host.wave === undefined
}

export function hostsThatAre(run: Run, standing: Standing): readonly RunHost[] {
  return run.hosts.filter((host) => standingOf(host) === standing)
}

/** How a host failed, so that a run can have a limit for each. */
export type Failure = 'failed' | 'unreachable' | 'rolled-back'

/**
 * Hosts whose apply failed. A host that could not be planned is shown to the approvers, who then approve the others: it
 * must not stop those as well.
 */
export function failuresOf(run: Run): readonly RunHost[] {
  return hostsThatAre(run, 'failed').filter((host) => host.plan !== null)
}

export function failureOf({ state }: RunHost): Failure {
  if (state === 'unreachable' || state === 'timed-out') return 'unreachable'
  return state === 'rolled-back' ? 'rolled-back' : 'failed'
}
