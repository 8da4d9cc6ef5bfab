/** Whose signatures count: each verified, and its key looked up in a list of approvers. Pure; the list and the time come from outside. */
import type { ProblemCode } from '../problems.ts'
import type { Approver, Approvers } from './allowed-signers.ts'
import { instantOf } from './presented.ts'
import { verifySshSignature } from './sshsig.ts'

/** A document to be signed, and what signing it means. */
export interface Signable {
  readonly message: Uint8Array
  readonly namespace: string
  /** The line of an approver must name the namespace: one that leaves it out allows everything else. */
  readonly mustBeNamed?: boolean
}

export type Vote =
  | { readonly ok: true; readonly approver: Approver }
  /** `says` is a clause. */
  | { readonly ok: false; readonly code: NotCounted; readonly says: string }

export type NotCounted = Extract<
  ProblemCode,
  'signature-invalid' | 'signature-misused' | 'approver-unknown' | 'approver-not-allowed' | 'approver-line-refused'
>

export interface Votes {
  /** One for each signature that counts, in their order. */
  readonly counted: readonly Approver[]
  readonly notCounted: readonly { readonly number: number; readonly code: NotCounted; readonly says: string }[]
}

export function readVotes(
  signatures: readonly string[],
  signable: Signable,
  approvers: Approvers,
  nowMs: number,
): Votes {
  const votes = signatures.map((armored) => readVote(armored, signable, approvers, nowMs))
  return {
    counted: votes.flatMap((vote) => (vote.ok ? vote.approver : [])),
    notCounted: votes.flatMap((vote, index) => (vote.ok ? [] : { ...vote, number: index + 1 })),
  }
}

export function readVote(armored: string, signable: Signable, { approvers, refused }: Approvers, nowMs: number): Vote {
  const { message, namespace, mustBeNamed = false } = signable
  const verified = verifySshSignature(armored, message, namespace)
  if (!verified.ok) return refuse(verified.why === 'misused' ? 'signature-misused' : 'signature-invalid', verified.says)
  const { type, fingerprint } = verified.signer
  const approver = approvers.find((known) => known.fingerprint === fingerprint)
  const unusable = refused.find((known) => known.fingerprint === fingerprint)
  if (approver === undefined && unusable)
    return refuse('approver-line-refused', `line ${unusable.line} of its key was refused: ${unusable.says}`)
  if (approver === undefined)
    return refuse('approver-unknown', `its key (${type} ${fingerprint}) is not in the list of approvers`)
  const { principal, namespaces, validAfterMs, validBeforeMs, line } = approver
  const key = `the key of ${principal} (line ${line})`
  const isFor = namespaces === null ? !mustBeNamed : namespaces.includes(namespace)
  if (!isFor) return refuse('approver-not-allowed', `${key} does not say namespaces="${namespace}"`)
  if (validAfterMs !== null && nowMs < validAfterMs)
    return refuse('approver-not-allowed', `${key} is valid only from ${instantOf(validAfterMs)}`)
  if (validBeforeMs !== null && nowMs > validBeforeMs)
    return refuse('approver-not-allowed', `${key} was valid only until ${instantOf(validBeforeMs)}`)
  return { ok: true, approver }
}

/** A key stands for one person and stands once in the list, but a person may have several keys, and sign with each. */
export function principalsOf(votes: readonly Approver[]): readonly string[] {
  return [...new Set(votes.map(({ principal }) => principal))]
}

function refuse(code: NotCounted, says: string): Vote {
  return { ok: false, code, says }
}
