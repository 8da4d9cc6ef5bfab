/** What the state of a host means to its run. One table, so that a new state does not compile until it has a meaning. */
import type { Run, RunHost, RunHostState } from '@fleetmend/shared'

/**
 * ahead: not approved yet · waiting: approved, not begun · away: the same, and not there to be begun · in-flight: begun, outcome open · done: the change is in place ·
 * failed: it is not, or nobody knows · passed-over: the host was not touched, and nobody is to blame.
 */
export type Standing = 'ahead' | 'waiting' | 'away' | 'in-flight' | 'done' | 'failed' | 'passed-over'

const standings = {
  planning: 'ahead',
  planned: 'ahead',
  waiting: 'waiting',
  away: 'away',
  applying: 'in-flight',
  lost: 'in-flight',
  fixed: 'done',
  'cleared-still-failing': 'done',
  inconclusive: 'done',
  'rolled-back': 'failed',
  'not-fixed': 'failed',
  refused: 'failed',
  stuck: 'failed',
  unreachable: 'failed',
  'timed-out': 'failed',
  unknown: 'failed',
  'plan-refused': 'passed-over',
  'nothing-to-do': 'passed-over',
  stale: 'passed-over',
  skipped: 'passed-over',
} as const satisfies Record<RunHostState, Standing>

export function standingOf(host: RunHost): Standing {
  return standings[host.state]
}

/** Its turn comes, if the run comes to it. */
export function isLeftToBegin(host: RunHost): boolean {
  const standing = standingOf(host)
  return standing === 'waiting' || standing === 'away'
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
