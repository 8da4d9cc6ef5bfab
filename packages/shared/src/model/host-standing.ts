/** What the state of a host means to its run. One table, so that a new state does not compile until it has a meaning. */
import type { RunHostState } from './run-states.ts'
import type { RunHost } from './run.ts'

/**
 * ahead: not approved yet · waiting: approved, not begun · away: the same, and not there to be begun · in-flight: begun, outcome open · done: the change is in place ·
 * failed: it is not, or nobody knows · passed-over: the host was not touched, and nobody is to blame.
 */
export type Standing = 'ahead' | 'waiting' | 'away' | 'in-flight' | 'done' | 'failed' | 'passed-over'

export const standings = {
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

/** It was not done, and it may be another time: `runs retry` plans for it again. */
export function isToRetry({ state }: Pick<RunHost, 'state'>): boolean {
  const standing = standings[state]
  return standing === 'failed' || (standing === 'passed-over' && state !== 'nothing-to-do')
}
