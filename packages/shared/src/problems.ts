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
  'approval-not-yet': { title: 'The approval does not hold yet', exit: 3, retry: 'later' },
  'approval-of-another-plan': { title: 'Something else was approved', exit: 3, retry: 'after-replanning' },
  'approval-too-few': { title: 'Not enough people have approved', exit: 3, retry: 'no' },
  'signature-invalid': { title: 'A signature is not of what it came with', exit: 3, retry: 'no' },
  'signature-misused': { title: 'A signature was made for something else', exit: 3, retry: 'no' },
  'approver-unknown': { title: 'The key is of nobody who may approve here', exit: 3, retry: 'no' },
  'approver-not-allowed': { title: 'The key may not do this, or not now', exit: 3, retry: 'no' },
  'approver-line-refused': { title: 'The line of the key cannot be used', exit: 3, retry: 'no' },
  'approvers-unusable': { title: 'The list of approvers of the host cannot be used', exit: 3, retry: 'no' },
  'requester-approved': { title: 'Whoever asked for it may not approve it', exit: 3, retry: 'no' },
  'request-not-signed': { title: 'The request is not signed by whoever asked', exit: 3, retry: 'no' },
  'break-glass-forbidden': { title: 'Nobody goes ahead alone on this host', exit: 3, retry: 'no' },
  'grant-not-yet': { title: 'The grant does not hold yet', exit: 3, retry: 'later' },
  'grant-expired': { title: 'The grant is too old', exit: 3, retry: 'no' },
  'grant-not-for-this-host': { title: 'The grant is for other hosts', exit: 3, retry: 'no' },
  'grant-not-for-this-plan': { title: 'The grant is for other remediations', exit: 3, retry: 'no' },
  'grant-out-of-bounds': { title: 'An input is outside what was granted', exit: 3, retry: 'no' },
  'grant-used-up': { title: 'The grant is used up for this hour', exit: 3, retry: 'later' },
  'grant-forbidden': { title: 'The host takes no grants', exit: 3, retry: 'no' },
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
  'token-for-another-host': { title: 'The join token is for another host', exit: 3, retry: 'no' },
  'name-taken': { title: 'There is a host of this name already', exit: 3, retry: 'no' },
  'key-not-proven': { title: 'The host did not prove that the key is its own', exit: 3, retry: 'no' },
  'not-the-controller': { title: 'This is not the controller of the fleet', exit: 3, retry: 'no' },
  'no-certificate': { title: 'A certificate of the fleet is needed', exit: 3, retry: 'no' },
  'foreign-certificate': { title: 'The certificate is not one of this fleet', exit: 3, retry: 'no' },
  'certificate-expired': { title: 'The certificate of the host is out of date', exit: 3, retry: 'no' },
  'certificate-too-old': { title: 'The certificate is too old to be renewed', exit: 3, retry: 'no' },
  'host-removed': { title: 'The host is no longer of this fleet', exit: 3, retry: 'no' },
  'host-replaced': { title: 'The host was enrolled anew, with another key', exit: 3, retry: 'no' },
  'wrong-host': { title: 'The host is not who its certificate says', exit: 3, retry: 'no' },
  'too-many-attempts': { title: 'Too many attempts from this address', exit: 3, retry: 'later' },
  busy: { title: 'The controller takes no more connections now', exit: 5, retry: 'later' },
  'not-spoken-here': { title: 'The other side speaks no version in common', exit: 3, retry: 'no' },
  'not-offered': { title: 'The other side does not offer this', exit: 3, retry: 'no' },
  'hosts-behind': { title: 'Some hosts do not trust the next certificate authority yet', exit: 3, retry: 'later' },
  'authority-unusable': { title: 'The certificate authority cannot be used', exit: 64, retry: 'no' },
  'not-signed-in': { title: 'No valid token was shown', exit: 3, retry: 'no' },
  'api-token-over': { title: 'The token is no longer good', exit: 3, retry: 'no' },
  'not-permitted': { title: 'The token does not allow this', exit: 3, retry: 'no' },
  'too-many-requests': { title: 'Too many requests', exit: 3, retry: 'later' },
  'other-site': { title: 'The request comes from another site', exit: 3, retry: 'no' },
  'unknown-token': { title: 'No such token', exit: 64, retry: 'no' },
  'unknown-run': { title: 'No such run', exit: 64, retry: 'no' },
  'run-not-ready': { title: 'The run is not waiting for this', exit: 3, retry: 'no' },
  'wrong-digest': { title: 'This is not the digest of the manifest', exit: 3, retry: 'no' },
  'cannot-sign': { title: 'The approval could not be signed', exit: 3, retry: 'later' },
  'audit-not-written': { title: 'What is done could not be put on record', exit: 3, retry: 'later' },
  'audit-broken': { title: 'The record was changed', exit: 4, retry: 'no' },
  'audit-truncated': { title: 'Records are gone', exit: 4, retry: 'no' },
  'audit-forked': { title: 'There are two records of the same time', exit: 4, retry: 'no' },
  'audit-key-changed': { title: 'The record is signed with another key', exit: 4, retry: 'no' },
  'audit-not-approved': { title: 'The record holds an approval that does not count', exit: 4, retry: 'no' },
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
