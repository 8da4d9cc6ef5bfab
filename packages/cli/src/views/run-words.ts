/** The states of runs and of their hosts, as people read them. */
import { outcomeWords, type RunHost, type RunHostState, type RunState } from '@fleetmend/shared'

export const runStateWords: Readonly<Record<RunState, string>> = {
  planning: 'planning',
  'awaiting-approval': 'waits for approval',
  approved: 'approved, not begun',
  applying: 'applying',
  waiting: 'waiting: it goes on by itself',
  paused: 'paused',
  holding: 'holding: a person decides',
  halting: 'halting: those begun are awaited',
  halted: 'halted',
  finished: 'finished',
  aborted: 'aborted',
  denied: 'denied',
  expired: 'expired',
  'nothing-to-do': 'nothing to do',
}

export const hostStateWords: Readonly<Record<RunHostState, string>> = {
  planning: 'planning',
  planned: 'planned',
  'plan-refused': 'no plan',
  'nothing-to-do': 'nothing to do',
  waiting: 'waiting',
  away: 'away, and waited for',
  applying: 'applying',
  lost: 'connection lost while applying',
  ...outcomeWords,
  stale: 'changed since, left alone',
  unreachable: 'unreachable',
  'timed-out': 'no answer in time',
  unknown: 'unknown: a person must look',
  skipped: 'left alone',
}

/** What is to be looked up, where the words of the state are not all there is to say. */
export function codeWords({ code, state }: Pick<RunHost, 'code' | 'state'>): string {
  return code === null || code === state ? '' : `  ${code}`
}
