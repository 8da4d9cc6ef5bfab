/**
 * The calling half of a peer. Every call ends: with an answer, when its caller cancels, when its time is up, or when the
 * connection is lost, which rejects whatever is pending and is never hidden by a retry.
 */
import { TRPCClientError } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import { CallFailure, type CallFailureReason } from './call-failure.ts'
import { Deadlines } from './deadlines.ts'
import { tooBig } from './error-shape.ts'
import {
  fitsFrame,
  requestFrame,
  stopFrame,
  type CallId,
  type CallType,
  type Frame,
  type ResultBody,
} from './frames.ts'
import type { PeerLimits } from './limits.ts'
import { tell, type SubscriptionHandlers, type Unsubscribable } from './subscription.ts'
import type { Timers } from './timers.ts'

/** As with tRPC's own client. */
export interface CallOptions {
  readonly signal?: AbortSignal | null | undefined
  /** How long to wait for the answer; of a subscription, for its start. */
  readonly context?: { readonly limitMs?: number } | undefined
}

export type CallError = TRPCClientError<AnyTRPCRouter>

export interface CallingOptions {
  readonly limits: PeerLimits
  readonly timers: Timers
  readonly send: (frame: string) => void
}

/** Who waits for what comes of a call. */
interface Asker {
  readonly told: (result: ResultBody) => void
  readonly failed: (error: CallError) => void
  /** By the signal that came with the call. */
  readonly cancelled: (error: CallError) => void
}

interface Pending {
  readonly type: CallType
  readonly path: string
  readonly asker: Asker
  limitMs: number
  dueMs: number
  /** To the signal that came with the call. */
  unlisten: (() => void) | null
}

export class CallingHalf {
  readonly #limits: PeerLimits
  readonly #send: (frame: string) => void
  /** Answers to calls that have left this map come late and are ignored. */
  readonly #pending = new Map<CallId, Pending>()
  readonly #deadlines: Deadlines
  #lastId = 0
  #endedBecause: string | null = null

  constructor({ limits, timers, send }: CallingOptions) {
    this.#limits = limits
    this.#send = send
    this.#deadlines = new Deadlines(timers, (nowMs) => this.#endLate(nowMs))
  }

  call(type: 'query' | 'mutation', path: string, input: unknown, options: CallOptions | undefined): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const told = (result: ResultBody): void => resolve(result.type === 'data' ? result.data : undefined)
      this.#begin(pendingCall(type, path, { told, failed: reject, cancelled: reject }), input, options)
    })
  }

  subscribe(path: string, input: unknown, options: CallOptions & SubscriptionHandlers): Unsubscribable {
    const pending = pendingCall('subscription', path, {
      told: (result) => tell(options, result),
      failed: (error) => options.onError?.(error),
      // As with tRPC's own links: a cancelled subscription ends, any other cancelled call fails.
      cancelled: () => options.onComplete?.(),
    })
    const id = this.#begin(pending, input, options)
    return { unsubscribe: () => void (id !== null && this.#abandon(id, pending)) }
  }

  /** What is wrong with the frame, when it cannot be an answer to its call. */
  response(frame: Extract<Frame, { kind: 'result' | 'error' }>): string | null {
    const { id } = frame
    const pending = this.#pending.get(id)
    if (pending === undefined) return null
    if (frame.kind === 'error') {
      this.#settle(id, pending)
      pending.asker.failed(TRPCClientError.from({ error: frame.error }))
      return null
    }
    const { result } = frame
    if (pending.type !== 'subscription') {
      if (result.type !== 'data') return 'a call that is no subscription was started or stopped'
      this.#settle(id, pending)
    } else if (result.type === 'stopped') this.#settle(id, pending)
    else pending.dueMs = Infinity
    pending.asker.told(result)
    return null
  }

  end(says: string): void {
    this.#endedBecause = says
    this.#deadlines.stop()
    for (const [id, pending] of this.#pending) {
      this.#settle(id, pending)
      pending.asker.failed(failure('connection-lost', true, `The connection was lost: ${says}`))
    }
  }

  /** The id under which it is pending, if it came to that. */
  #begin(pending: Pending, input: unknown, { signal, context }: CallOptions = {}): CallId | null {
    const { type, path } = pending
    if (signal?.aborted) {
      pending.asker.cancelled(failure('cancelled', false, 'The call was cancelled before it began.'))
      return null
    }
    if (this.#endedBecause !== null) {
      pending.asker.failed(failure('not-connected', false, `There is no connection: ${this.#endedBecause}`))
      return null
    }
    const id = ++this.#lastId
    const text = requestFrame(id, type, path, input)
    const { maxFrameBytes, callMs } = this.#limits
    if (!fitsFrame(text, maxFrameBytes)) {
      const says = `The input of ${path} has more than the ${maxFrameBytes} bytes allowed.`
      pending.asker.failed(TRPCClientError.from({ error: tooBig(says, path) }))
      return null
    }
    pending.limitMs = context?.limitMs ?? callMs
    pending.dueMs = this.#deadlines.add(pending.limitMs)
    this.#pending.set(id, pending)
    if (signal) this.#heed(signal, id, pending)
    this.#send(text)
    return id
  }

  #heed(signal: AbortSignal, id: CallId, pending: Pending): void {
    const onAbort = (): void => {
      this.#abandon(id, pending)
      pending.asker.cancelled(failure('cancelled', true, 'The call was cancelled before it was answered.'))
    }
    signal.addEventListener('abort', onAbort, { once: true })
    pending.unlisten = () => signal.removeEventListener('abort', onAbort)
  }

  #endLate(nowMs: number): number {
    let nextMs = Infinity
    for (const [id, pending] of this.#pending) {
      if (pending.dueMs > nowMs) nextMs = Math.min(nextMs, pending.dueMs)
      else {
        this.#abandon(id, pending)
        pending.asker.failed(
          failure('timed-out', true, `There was no answer to ${pending.path} in ${pending.limitMs} ms.`),
        )
      }
    }
    return nextMs
  }

  /** Leaves a call that is not answered yet, and says so: the other side stops it. */
  #abandon(id: CallId, pending: Pending): void {
    if (this.#pending.get(id) !== pending) return
    this.#settle(id, pending)
    this.#send(stopFrame(id))
  }

  #settle(id: CallId, pending: Pending): void {
    this.#pending.delete(id)
    pending.unlisten?.()
  }
}

function pendingCall(type: CallType, path: string, asker: Asker): Pending {
  return { type, path, asker, limitMs: Infinity, dueMs: Infinity, unlisten: null }
}

function failure(reason: CallFailureReason, sent: boolean, message: string): CallError {
  return TRPCClientError.from(new CallFailure(reason, sent, message))
}
