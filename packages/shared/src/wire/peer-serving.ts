/**
 * The serving half of a peer: runs procedures for the other side, some at a time, and stops them when their caller
 * cancels or is gone. A subscription produces only while the channel has room.
 */
import { getTRPCErrorFromUnknown, isTrackedEnvelope, TRPCError, type AnyTRPCRouter } from '@trpc/server'
import type { TRPCErrorShape } from '@trpc/server/rpc'
import { CallFailure } from './call-failure.ts'
import type { Channel } from './channel.ts'
import { busy, noSuchCall, shapeOfServed, tooBig } from './error-shape.ts'
import { errorFrame, fitsFrame, resultFrame, type CallId, type RequestFrame, type ResultBody } from './frames.ts'
import type { PeerLimits } from './limits.ts'
import { callProcedure } from './procedure-call.ts'
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
  wake: (() => void) | null
}

export class ServingHalf implements Serving {
  readonly #options: ServingOptions
  /** By id, until answered or cancelled. */
  readonly #calls = new Map<CallId, Running>()
  /** In the order of arrival. A Set, so that a cancelled call leaves it at once. */
  readonly #waiting = new Set<Running>()
  #runningCalls = 0
  #runningSubscriptions = 0
  #waitsForRoom = false

  constructor(options: ServingOptions) {
    this.#options = options
  }

  request(frame: RequestFrame): boolean {
    const { router, send } = this.#options
    if (this.#calls.has(frame.id)) return false
    if (router === undefined) {
      send(errorFrame(frame.id, noSuchCall(frame.path)))
      return true
    }
    const call: Running = { frame, router, controller: new AbortController(), wake: null }
    if (frame.type === 'subscription') this.#beginSubscription(call)
    else this.#beginCall(call)
    return true
  }

  stop(id: CallId): void {
    const call = this.#calls.get(id)
    if (call === undefined) return
    if (call.frame.type === 'subscription') this.#reply(call, { type: 'stopped' })
    this.#cancel(call, 'The caller cancelled this call.')
  }

  isBusy(): boolean {
    return this.#calls.size > 0
  }

  end(): void {
    for (const call of this.#calls.values()) this.#cancel(call, 'The connection to the caller is gone.')
  }

  #beginSubscription(call: Running): void {
    const { limits } = this.#options
    if (this.#runningSubscriptions >= limits.subscriptions) {
      this.#refuse(call, `Cannot start: ${limits.subscriptions} subscriptions are running already.`)
      return
    }
    this.#calls.set(call.frame.id, call)
    void this.#stream(call)
  }

  #beginCall(call: Running): void {
    this.#calls.set(call.frame.id, call)
    this.#waiting.add(call)
    this.#startWaiting()
    if (this.#waiting.size <= this.#options.limits.queuedCalls) return
    this.#waiting.delete(call)
    this.#calls.delete(call.frame.id)
    this.#refuse(
      call,
      `Cannot start: ${this.#runningCalls} calls are running and ${this.#waiting.size} wait. Try again later.`,
    )
  }

  #refuse({ frame }: Running, says: string): void {
    this.#options.send(errorFrame(frame.id, busy(says, frame.path)))
  }

  #cancel(call: Running, says: string): void {
    this.#waiting.delete(call)
    this.#calls.delete(call.frame.id)
    call.controller.abort(new CallFailure('cancelled', true, says))
    call.wake?.()
  }

  /** Nothing new begins while earlier answers still fill the channel: its reader is slower than we are. */
  #startWaiting(): void {
    const { channel, limits } = this.#options
    for (const call of this.#waiting) {
      if (this.#runningCalls >= limits.calls || this.#waitsForRoom) return
      const full = channel.pressure()
      if (full !== null) {
        this.#waitsForRoom = true
        void full.then(() => {
          this.#waitsForRoom = false
          this.#startWaiting()
        })
        return
      }
      this.#waiting.delete(call)
      void this.#answer(call)
    }
  }

  async #answer(call: Running): Promise<void> {
    this.#runningCalls++
    try {
      const data = await this.#run(call)
      if (isAsyncIterable(data)) {
        throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'A query or mutation cannot stream.' })
      }
      this.#reply(call, { type: 'data', data })
    } catch (error) {
      this.#fail(call, error)
    } finally {
      this.#forget(call)
      this.#runningCalls--
      this.#startWaiting()
    }
  }

  async #stream(call: Running): Promise<void> {
    this.#runningSubscriptions++
    try {
      const events = await this.#run(call)
      if (!isAsyncIterable(events)) {
        throw new TRPCError({ code: 'INTERNAL_SERVER_ERROR', message: 'A subscription must be an async generator.' })
      }
      this.#reply(call, { type: 'started' })
      let sent = 0
      for await (const event of events) {
        this.#reply(call, eventBody(event))
        // A generator that never really waits must leave the event loop its turn.
        if (++sent % eventsPerTurn === 0) await nextTurn()
        await this.#room(call)
        if (!this.#isOpen(call)) break
      }
      this.#reply(call, { type: 'stopped' })
    } catch (error) {
      this.#fail(call, error)
    } finally {
      this.#forget(call)
      this.#runningSubscriptions--
    }
  }

  async #run({ frame, router, controller }: Running): Promise<unknown> {
    const { path, type, input } = frame
    const { createContext } = this.#options
    const { signal } = controller
    const ctx = createContext === undefined ? {} : await createContext({ path, type, signal })
    // Cancelled while the context was made: the procedure must not begin.
    signal.throwIfAborted()
    return callProcedure({ router, path, type, getRawInput: async () => input, ctx, signal, batchIndex: 0 })
  }

  async #room(call: Running): Promise<void> {
    const full = this.#isOpen(call) ? this.#options.channel.pressure() : null
    if (full === null) return
    // Not a race with the signal: that would leave a reaction behind for each wait of a long subscription.
    await new Promise<void>((resolve) => {
      call.wake = resolve
      void full.then(resolve)
    })
  }

  #reply(call: Running, result: ResultBody): void {
    if (!this.#isOpen(call)) return
    const { limits, send } = this.#options
    const { id, path } = call.frame
    const text = resultFrame(id, result)
    if (fitsFrame(text, limits.maxFrameBytes)) return send(text)
    const bytes = Buffer.byteLength(text)
    this.#sendError(
      call,
      tooBig(`The answer of ${path} has ${bytes} bytes, more than the ${limits.maxFrameBytes} allowed.`, path),
    )
  }

  #fail(call: Running, error: unknown): void {
    const { path, type } = call.frame
    const cancelled = call.controller.signal.aborted
    // Giving up is what a cancelled call was asked to do.
    if (isUnexpected(error) && !(cancelled && isAbort(error))) this.#options.onError?.({ path, type, error })
    if (this.#isOpen(call)) this.#sendError(call, shapeOfServed(call.router, call.frame, error))
  }

  #sendError(call: Running, shape: TRPCErrorShape): void {
    const { limits, send } = this.#options
    const { id, path } = call.frame
    const text = errorFrame(id, shape)
    const fits = fitsFrame(text, limits.maxFrameBytes)
    send(fits ? text : errorFrame(id, tooBig('The call failed, and what it failed with is too big to be sent.', path)))
    this.#forget(call)
  }

  #forget(call: Running): void {
    if (this.#isOpen(call)) this.#calls.delete(call.frame.id)
  }

  /** Neither answered nor cancelled. After that its id may be in use again by another call. */
  #isOpen(call: Running): boolean {
    return this.#calls.get(call.frame.id) === call
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

/** With one alone, whoever follows a run of thousands of hosts on a busy controller hears of it half a minute late. */
const eventsPerTurn = 32

function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
