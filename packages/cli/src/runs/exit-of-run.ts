/** What a run means for the exit code: the worst of its hosts (DESIGN section 7). Pure. */
import {
  exitCodes,
  outcomeExits,
  problemKinds,
  worstExit,
  type ExitCode,
  type RunHostState,
  type RunView,
} from '@fleetmend/shared'

export function exitOfRun({ run, reports }: Pick<RunView, 'run' | 'reports'>): ExitCode {
  const hosts = run.hosts.map(({ id, state }) => {
    const problem = state === 'refused' ? reports.find((report) => report.host === id)?.problem : null
    return problem ? problemKinds[problem.code].exit : exits[state]
  })
  const isCutShort = ['aborted', 'denied', 'expired'].includes(run.state)
  return worstExit([...hosts, isCutShort ? exitCodes.refused : exitCodes.done])
}

const exits: Readonly<Record<RunHostState, ExitCode>> = {
  ...outcomeExits,
  planning: exitCodes.done,
  planned: exitCodes.findings,
  'plan-refused': exitCodes.refused,
  'nothing-to-do': exitCodes.done,
  waiting: exitCodes.findings,
  away: exitCodes.findings,
  applying: exitCodes.done,
  lost: exitCodes.someUnreachable,
  stale: exitCodes.refused,
  unreachable: exitCodes.someUnreachable,
  'timed-out': exitCodes.someUnreachable,
  unknown: exitCodes.someFailed,
  // It says why in another host, or in the run.
  skipped: exitCodes.done,
}
