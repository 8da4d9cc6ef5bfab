/**
 * The calling half of a peer: a terminating tRPC link. Every call ends: with an answer, when its caller cancels, when its
 * time is up, or when the connection is lost, which rejects whatever is pending and is never hidden by a retry.
 */
import { TRPCClientError, type Operation, type OperationResultObserver, type TRPCLink } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import { observable } from '@trpc/server/observable'
import { CallFailure, type CallFailureReason } from './call-failure.ts'
import { tooBig } from './error-shape.ts'
import { fitsFrame, requestFrame, stopFrame, type CallId, type Frame, type ResultBody } from './frames.ts'
import type { PeerLimits } from './limits.ts'
import type { Timers } from './timers.ts'

export interface CallingOptions {
  readonly limits: PeerLimits
  readonly timers: Timers
  readonly send: (frame: string) => void
}

export interface Calling {
  link<TRouter extends AnyTRPCRouter>(): TRPCLink<TRouter>
  /** What is wrong with the frame, when it cannot be an answer to its call. */
  response(frame: Extract<Frame, { kind: 'result' | 'error' }>): string | null
  end(says: string): void
}

type Observer = OperationResultObserver<AnyTRPCRouter, unknown>

interface Pending {
  readonly operation: Operation
  readonly observer: Observer
  cancelTimer: () => void
}

export function callOver({ limits, timers, send }: CallingOptions): Calling {
  /** Answers to calls that have left this map come late and are ignored. */
  const pending = new Map<CallId, Pending>()
  let lastId = 0
  let endedBecause: string | null = null

  return {
    // The link is the same for every router; only its caller's types differ.
    link:
      () =>
      () =>
      ({ op }) =>
        observable((observer) => begin(op, observer as Observer)),
    response(frame) {
      const waiting = pending.get(frame.id)
      if (waiting === undefined) return null
      if (frame.kind === 'error') {
        settle(frame.id, waiting)
        waiting.observer.error(TRPCClientError.from({ error: frame.error }))
        return null
      }
      return waiting.operation.type === 'subscription'
        ? streamed(frame.id, waiting, frame.result)
        : answered(frame.id, waiting, frame.result)
    },
    end(says) {
      endedBecause = says
      for (const [id, waiting] of pending) {
        settle(id, waiting)
        waiting.observer.error(failed('connection-lost', true, `The connection was lost: ${says}`))
      }
    },
  }

  /** Returns what is to be done when the caller is no longer interested. */
  function begin(operation: Operation, observer: Observer): () => void {
    const { path, type, input, signal } = operation
    if (signal?.aborted) {
      giveUp(operation, observer, failed('cancelled', false, 'The call was cancelled before it began.'))
      return () => {}
    }
    if (endedBecause !== null) {
      observer.error(failed('not-connected', false, `There is no connection: ${endedBecause}`))
      return () => {}
    }
    const id = ++lastId
    const text = requestFrame(id, type, path, input)
    if (!fitsFrame(text, limits.maxFrameBytes)) {
      const says = `The input of ${path} has more than the ${limits.maxFrameBytes} bytes allowed.`
      observer.error(TRPCClientError.from({ error: tooBig(says, path) }))
      return () => {}
    }

    const limitMs = limitOf(operation, limits)
    const waiting: Pending = { operation, observer, cancelTimer: () => {} }
    const onAbort = (): void => {
      abandon(id, waiting)
      giveUp(operation, observer, failed('cancelled', true, 'The call was cancelled before it was answered.'))
    }
    pending.set(id, waiting)
    waiting.cancelTimer = timers.after(limitMs, () => {
      abandon(id, waiting)
      observer.error(failed('timed-out', true, `There was no answer to ${path} in ${limitMs} ms.`))
    })
    signal?.addEventListener('abort', onAbort, { once: true })
    send(text)
    return () => {
      signal?.removeEventListener('abort', onAbort)
      abandon(id, waiting)
    }
  }

  /** Leaves a call that is not answered yet, and says so: the other side stops it. */
  function abandon(id: CallId, waiting: Pending): void {
    if (pending.get(id) !== waiting) return
    settle(id, waiting)
    send(stopFrame(id))
  }

  function settle(id: CallId, waiting: Pending): void {
    pending.delete(id)
    waiting.cancelTimer()
  }

  function answered(id: CallId, waiting: Pending, result: ResultBody): string | null {
    if (result.type !== 'data') return 'a call that is no subscription was started or stopped'
    settle(id, waiting)
    waiting.observer.next({ result })
    waiting.observer.complete()
    return null
  }

  function streamed(id: CallId, waiting: Pending, result: ResultBody): string | null {
    waiting.cancelTimer()
    if (result.type === 'stopped') settle(id, waiting)
    waiting.observer.next({ result })
    if (result.type === 'stopped') waiting.observer.complete()
    return null
  }
}

function failed(reason: CallFailureReason, sent: boolean, message: string): TRPCClientError<AnyTRPCRouter> {
  return TRPCClientError.from(new CallFailure(reason, sent, message))
}

/** As with tRPC's own links: a cancelled subscription ends, any other cancelled call fails. */
function giveUp({ type }: Operation, observer: Observer, failure: TRPCClientError<AnyTRPCRouter>): void {
  if (type === 'subscription') observer.complete()
  else observer.error(failure)
}

/** `client.diagnose.query(input, { context: { limitMs: 30_000 } })` */
function limitOf({ context }: Operation, limits: PeerLimits): number {
  const { limitMs } = context as { limitMs?: unknown }
  return typeof limitMs === 'number' ? limitMs : limits.callMs
}
