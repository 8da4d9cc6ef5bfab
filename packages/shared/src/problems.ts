/** Every problem that crosses a wire or ends a command: a permanent code, a fixed title, its exit code, whether to retry. */
import type { Problem } from './model/problem.ts'

export const exitCodes = {
  done: 0,
  internal: 1,
  findings: 2,
  refused: 3,
  someFailed: 4,
  someUnreachable: 5,
  rolledBack: 6,
  usage: 64,
  interrupted: 130,
} as const
export type ExitCode = (typeof exitCodes)[keyof typeof exitCodes]

interface ProblemKind {
  readonly title: string
  readonly exit: ExitCode
  readonly retry: 'no' | 'later' | 'after-replanning'
}

/** Add a line, never change a code. Titles are short and name nobody, so that readers learn to recognise them. */
export const problemKinds = {
  usage: { title: 'Not a valid command', exit: 64, retry: 'no' },
  'not-root': { title: 'Needs root', exit: 64, retry: 'no' },
  'unknown-host': { title: 'No such host', exit: 64, retry: 'no' },
  'empty-selection': { title: 'No host matches', exit: 64, retry: 'no' },
  'unknown-remediation': { title: 'No such remediation', exit: 64, retry: 'no' },
  'unknown-diagnosis': { title: 'No such diagnosis', exit: 64, retry: 'no' },
  'bad-input': { title: 'Input is not valid', exit: 64, retry: 'no' },
  'unknown-plan': { title: 'No such plan on this host', exit: 3, retry: 'after-replanning' },
  'plan-is-stale': { title: 'The host changed since this was planned', exit: 3, retry: 'after-replanning' },
  'plan-expired': { title: 'The plan is too old', exit: 3, retry: 'after-replanning' },
  'plan-used': { title: 'The plan was applied before', exit: 3, retry: 'after-replanning' },
  'plan-tampered': { title: 'The plan is not the one that was made', exit: 3, retry: 'no' },
  'not-approved': { title: 'The host was not shown a valid approval', exit: 3, retry: 'no' },
  'approval-expired': { title: 'The approval is too old', exit: 3, retry: 'after-replanning' },
  'not-allowed': { title: 'The host does not allow this remediation', exit: 3, retry: 'no' },
  braked: { title: 'A brake of the host holds this back', exit: 3, retry: 'later' },
  'policy-unusable': { title: 'The policy of the host cannot be used', exit: 3, retry: 'no' },
  'check-failed': { title: 'A check failed before anything was changed', exit: 3, retry: 'after-replanning' },
  'guard-failed': { title: 'A bound no longer holds', exit: 3, retry: 'later' },
  'apply-in-progress': { title: 'Another apply is running', exit: 3, retry: 'later' },
  'apply-not-possible': { title: 'This host can only diagnose and plan', exit: 3, retry: 'no' },
  'unknown-apply': { title: 'No such apply on this host', exit: 64, retry: 'no' },
  'nothing-to-roll-back': { title: 'Nothing to roll back', exit: 3, retry: 'no' },
  'act-failed': { title: 'An act did not succeed', exit: 4, retry: 'after-replanning' },
  'not-verified': { title: 'The host is not better afterwards', exit: 4, retry: 'after-replanning' },
  stuck: { title: 'The host needs a person', exit: 4, retry: 'no' },
  unreachable: { title: 'The host does not answer', exit: 5, retry: 'later' },
  'timed-out': { title: 'No answer in time', exit: 5, retry: 'later' },
  'controller-unreachable': { title: 'The controller does not answer', exit: 5, retry: 'later' },
  'bad-token': { title: 'The join token is not valid', exit: 3, retry: 'no' },
  'token-used': { title: 'The join token was used before', exit: 3, retry: 'no' },
  'token-expired': { title: 'The join token is too old', exit: 3, retry: 'no' },
  'unknown-run': { title: 'No such run', exit: 64, retry: 'no' },
  'run-not-ready': { title: 'The run is not waiting for this', exit: 3, retry: 'no' },
  'wrong-digest': { title: 'This is not the digest of the manifest', exit: 3, retry: 'no' },
  'cannot-sign': { title: 'The approval could not be signed', exit: 3, retry: 'later' },
  'malformed-frame': { title: 'A message could not be understood', exit: 1, retry: 'no' },
  'too-big': { title: 'A message is too big', exit: 1, retry: 'no' },
  internal: { title: 'Something is wrong in Fleetmend', exit: 1, retry: 'no' },
} as const satisfies Record<string, ProblemKind>

export type ProblemCode = keyof typeof problemKinds

export function problem(code: ProblemCode, detail: string): Problem {
  return { code, title: problemKinds[code].title, detail }
}

/** Where several hold, the first of these is the one a command exits with. */
const precedence: readonly ExitCode[] = [64, 130, 1, 3, 4, 6, 5, 2, 0]

export function worstExit(codes: readonly ExitCode[]): ExitCode {
  return precedence.find((code) => codes.includes(code)) ?? exitCodes.done
}
