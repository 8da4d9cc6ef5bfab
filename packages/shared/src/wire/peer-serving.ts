/**
 * The serving half of a peer: runs procedures for the other side, some at a time, and stops them when their caller
 * cancels or is gone. A subscription produces only while the channel has room.
 */
import {
  callTRPCProcedure,
  getTRPCErrorFromUnknown,
  isTrackedEnvelope,
  TRPCError,
  type AnyTRPCRouter,
} from '@trpc/server'
import type { TRPCErrorShape } from '@trpc/server/rpc'
import { CallFailure } from './call-failure.ts'
import type { Channel } from './channel.ts'
import { busy, noSuchCall, shapeOfServed, tooBig } from './error-shape.ts'
import { errorFrame, fitsFrame, resultFrame, type CallId, type RequestFrame, type ResultBody } from './frames.ts'
import type { PeerLimits } from './limits.ts'
import { thrownProblem } from './problem-error.ts'

/** What a context is made from. */
export interface ServedCall {
  readonly path: string
  readonly type: RequestFrame['type']
  /** Aborted when the caller cancels or the connection is lost. */
  readonly signal: AbortSignal
}

/** What a procedure failed with and its caller is not told: for the log of the side that ran it. */
export interface ServedFailure {
  readonly path: string
  readonly type: RequestFrame['type']
  readonly error: unknown
}

export interface ServingOptions {
  readonly channel: Channel
  readonly limits: PeerLimits
  readonly router?: AnyTRPCRouter | undefined
  readonly createContext?: ((call: ServedCall) => unknown) | undefined
  readonly onError?: ((failure: ServedFailure) => void) | undefined
  readonly send: (frame: string) => void
}

export interface Serving {
  /** `false`: the id is in use, so that nobody could tell the answers apart. */
  request(frame: RequestFrame): boolean
  stop(id: CallId): void
  /** Whether any call is waiting or running. */
  isBusy(): boolean
  /** The connection is gone: whatever runs is told so, whatever waits is dropped. */
  end(): void
}

interface Running {
  readonly frame: RequestFrame
  readonly router: AnyTRPCRouter
  readonly controller: AbortController
  /** Ends a wait for room early. */
  wake: () => void
}

export function serve({ channel, limits, router, createContext, onError, send }: ServingOptions): Serving {
  /** By id, until answered or cancelled. */
  const calls = new Map<CallId, Running>()
  /** In the order of arrival. A Set, so that a cancelled call leaves it at once. */
  const waiting = new Set<Running>()
  let runningCalls = 0
  let runningSubscriptions = 0
  let waitsForRoom = false

  return {
    request(frame) {
      if (calls.has(frame.id)) return false
      if (router === undefined) {
        send(errorFrame(frame.id, noSuchCall(frame.path)))
        return true
      }
      const call: Running = { frame, router, controller: new AbortController(), wake: () => {} }
      if (frame.type === 'subscription') beginSubscription(call)
      else beginCall(call)
      return true
    },
    stop(id) {
      const call = calls.get(id)
      if (call === undefined) return
      if (call.frame.type === 'subscription') reply(call, { type: 'stopped' })
      cancel(call, 'The caller cancelled this call.')
    },
    isBusy: () => calls.size > 0,
    end() {
      for (const call of calls.values()) cancel(call, 'The connection to the caller is gone.')
    },
  }

  function beginSubscription(call: Running): void {
    if (runningSubscriptions >= limits.subscriptions) {
      refuse(call, `Cannot start: ${limits.subscriptions} subscriptions are running already.`)
      return
    }
    calls.set(call.frame.id, call)
    runningSubscriptions++
    void stream(call).finally(() => {
      runningSubscriptions--
    })
  }

  function beginCall(call: Running): void {
    calls.set(call.frame.id, call)
    waiting.add(call)
    startWaiting()
    if (waiting.size <= limits.queuedCalls) return
    waiting.delete(call)
    calls.delete(call.frame.id)
    refuse(call, `Cannot start: ${runningCalls} calls are running and ${waiting.size} wait. Try again later.`)
  }

  function refuse({ frame }: Running, says: string): void {
    send(errorFrame(frame.id, busy(says, frame.path)))
  }

  function cancel(call: Running, says: string): void {
    waiting.delete(call)
    calls.delete(call.frame.id)
    call.controller.abort(new CallFailure('cancelled', true, says))
    call.wake()
  }

  /** Nothing new begins while earlier answers still fill the channel: its reader is slower than we are. */
  function startWaiting(): void {
    for (const call of waiting) {
      if (runningCalls >= limits.calls || waitsForRoom) return
      const full = channel.pressure()
      if (full !== null) {
        waitsForRoom = true
        void full.then(() => {
          waitsForRoom = false
          startWaiting()
        })
        return
      }
      waiting.delete(call)
      runningCalls++
      void answer(call).finally(() => {
        runningCalls--
        startWaiting()
      })
    }
  }

  async function answer(call: Running): Promise<void> {
    try {
      const data = await run(call)
      if (isAsyncIterable(data)) {
        throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'A query or mutation cannot stream.' })
      }
      reply(call, { type: 'data', data })
    } catch (error) {
      fail(call, error)
    }
    forget(call)
  }

  async function stream(call: Running): Promise<void> {
    try {
      const events = await run(call)
      if (!isAsyncIterable(events)) {
        throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'A subscription must be an async generator.' })
      }
      reply(call, { type: 'started' })
      for await (const event of events) {
        reply(call, eventBody(event))
        await room(call)
        if (!isOpen(call)) break
      }
      reply(call, { type: 'stopped' })
    } catch (error) {
      fail(call, error)
    }
    forget(call)
  }

  async function run({ frame, router, controller }: Running): Promise<unknown> {
    const { path, type, input } = frame
    const { signal } = controller
    const ctx = createContext === undefined ? {} : await createContext({ path, type, signal })
    // Cancelled while the context was made: the procedure must not begin.
    signal.throwIfAborted()
    return callTRPCProcedure({ router, path, type, getRawInput: async () => input, ctx, signal, batchIndex: 0 })
  }

  /** After each event: a generator that never really waits must leave the event loop its turn. */
  async function room(call: Running): Promise<void> {
    await nextTurn()
    const full = isOpen(call) ? channel.pressure() : null
    if (full === null) return
    // Not a race with the signal: that would leave a reaction behind for each wait of a long subscription.
    await new Promise<void>((resolve) => {
      call.wake = resolve
      void full.then(resolve)
    })
  }

  function reply(call: Running, result: ResultBody): void {
    if (!isOpen(call)) return
    const { id, path } = call.frame
    const text = resultFrame(id, result)
    if (fitsFrame(text, limits.maxFrameBytes)) return send(text)
    const bytes = Buffer.byteLength(text)
    sendError(
      call,
      tooBig(`The answer of ${path} has ${bytes} bytes, more than the ${limits.maxFrameBytes} allowed.`, path),
    )
  }

  function fail(call: Running, error: unknown): void {
    const { path, type } = call.frame
    const cancelled = call.controller.signal.aborted
    // Giving up is what a cancelled call was asked to do.
    if (isUnexpected(error) && !(cancelled && isAbort(error))) onError?.({ path, type, error })
    if (isOpen(call)) sendError(call, shapeOfServed(call.router, call.frame, error))
  }

  function sendError(call: Running, shape: TRPCErrorShape): void {
    const { id, path } = call.frame
    const text = errorFrame(id, shape)
    const fits = fitsFrame(text, limits.maxFrameBytes)
    send(fits ? text : errorFrame(id, tooBig('The call failed, and what it failed with is too big to be sent.', path)))
    forget(call)
  }

  function forget(call: Running): void {
    if (isOpen(call)) calls.delete(call.frame.id)
  }

  /** Neither answered nor cancelled. After that its id may be in use again by another call. */
  function isOpen(call: Running): boolean {
    return calls.get(call.frame.id) === call
  }
}

/** A tracked event carries its id twice: for tRPC's client, which resumes after it, and for whoever reads the event. */
function eventBody(event: unknown): ResultBody {
  if (!isTrackedEnvelope(event)) return { type: 'data', data: event }
  const [id, data] = event
  return { type: 'data', id, data: { id, data } }
}

function isAsyncIterable(value: unknown): value is AsyncIterable<unknown> {
  return typeof value === 'object' && value !== null && Symbol.asyncIterator in value
}

/** Thrown by something that broke, not by a procedure that had something to say. */
function isUnexpected(error: unknown): boolean {
  return thrownProblem(error) === null && getTRPCErrorFromUnknown(error).code === 'INTERNAL_SERVER_ERROR'
}

function isAbort(error: unknown): boolean {
  if (!(error instanceof Error)) return false
  return error.name === 'AbortError' || (error instanceof TRPCError && isAbort(error.cause))
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
