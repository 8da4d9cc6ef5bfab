/**
 * Why a call has no answer although the other side may know one. It never means that the work failed: unless the request
 * never left, its outcome is unknown until the other side is asked.
 */

export type CallFailureReason =
  /** The channel was closed before the request was sent. */
  | 'not-connected'
  | 'connection-lost'
  | 'timed-out'
  /** By the caller's own AbortSignal. */
  | 'cancelled'

export class CallFailure extends Error {
  readonly reason: CallFailureReason
  /** False: the request never left, so nothing was done. */
  readonly sent: boolean

  constructor(reason: CallFailureReason, sent: boolean, message: string) {
    super(message)
    // What aborts is known by this name everywhere (fetch, timers/promises, tRPC).
    this.name = reason === 'cancelled' ? 'AbortError' : 'CallFailure'
    this.reason = reason
    this.sent = sent
  }
}

/** tRPC's client wraps what a link fails with; this finds it again. */
export function callFailureOf(error: unknown): CallFailure | null {
  if (error instanceof CallFailure) return error
  return error instanceof Error && error.cause instanceof CallFailure ? error.cause : null
}

export function isConnectionLost(error: unknown): boolean {
  return callFailureOf(error)?.reason === 'connection-lost'
}

/** True when the other side may have done, or may still be doing, what was asked. */
export function outcomeIsUnknown(error: unknown): boolean {
  return callFailureOf(error)?.sent === true
}
