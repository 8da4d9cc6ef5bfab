/**
 * One end of a channel that calls and serves at once, in tRPC's WebSocket frames. What tRPC's own handler and link lack
 * is why it exists: an abort that stops the work on the other side, backpressure, limits, and an early notice of a line
 * that is dead. It never reconnects: who needs that opens a new channel and asks what became of its calls.
 */
import { TRPCClientError } from '@trpc/client'
import type { AnyTRPCRouter } from '@trpc/server'
import type { TRPCErrorShape } from '@trpc/server/rpc'
import type { Problem } from '../model/problem.ts'
import { problem } from '../problems.ts'
import type { Channel } from './channel.ts'
import { errorShape } from './error-shape.ts'
import { errorFrame, PING, PONG, readFrames, type Frame } from './frames.ts'
import { defaultLimits, type PeerLimits } from './limits.ts'
import { watchIdleness } from './idleness.ts'
import { watchLiveness } from './liveness.ts'
import { CallingHalf, type CallOptions } from './peer-calling.ts'
import { ServingHalf, type ServedCall, type ServedFailure, type Serving } from './peer-serving.ts'
import { problemOf } from './problem-error.ts'
import type { SubscriptionHandlers, Unsubscribable } from './subscription.ts'
import { systemTimers, type Timers } from './timers.ts'

export type { Serving } from './peer-serving.ts'

export interface PeerOptions {
  /** What the other side may call. */
  readonly router?: AnyTRPCRouter
  /** Instead of a router: who answers the other side's calls. */
  readonly answeredBy?: (calls: AnsweredCalls) => Serving
  /** Made for each call. Who is calling is known from the connection, never from a frame. */
  readonly createContext?: (call: ServedCall) => unknown
  /** Hears of what a procedure broke with, since the caller is told nothing of it. */
  readonly onError?: (failure: ServedFailure) => void
  readonly limits?: Partial<PeerLimits>
  readonly timers?: Timers
}

/** How a connection ended. Without a problem it was in order. */
export interface PeerEnd {
  readonly by: 'us' | 'them' | 'network'
  readonly problem: Problem | null
}

/** What is needed to answer calls: where the answers go, and how much of them that line takes. */
export interface AnsweredCalls {
  readonly send: (frame: string) => void
  readonly channel: Channel
  readonly limits: PeerLimits
}

export class Peer {
  /** Resolves once, when the connection has ended for whatever reason. */
  readonly ended: Promise<PeerEnd>
  readonly #channel: Channel
  readonly #limits: PeerLimits
  readonly #serving: Serving
  readonly #calling: CallingHalf
  readonly #resolveEnded: (end: PeerEnd) => void
  readonly #stopWatching: () => void
  #asked = 0
  #open = true

  constructor(channel: Channel, options: PeerOptions = {}) {
    const { router, answeredBy, createContext, onError, timers = systemTimers } = options
    const limits = options.limits === undefined ? defaultLimits : { ...defaultLimits, ...options.limits }
    const send = (frame: string): void => this.#send(frame)
    const ended = Promise.withResolvers<PeerEnd>()
    this.ended = ended.promise
    this.#resolveEnded = ended.resolve
    this.#channel = channel
    this.#limits = limits
    this.#serving =
      answeredBy?.({ send, channel, limits }) ??
      new ServingHalf({ channel, limits, router, createContext, onError, send })
    this.#calling = new CallingHalf({ limits, timers, send })
    const stopIdling = watchIdleness({
      timers,
      idleMs: limits.idleMs,
      asked: () => this.#asked,
      isBusy: () => this.#serving.isBusy(),
      onIdle: (says) => this.close(problem('timed-out', says)),
    })
    const stopLiveness = watchLiveness({
      channel,
      timers,
      pingMs: limits.pingMs,
      pongMs: limits.pongMs,
      ping: () => send(PING),
      onDead: () => this.#cut(`the other side gave no sign of life for ${limits.pingMs + limits.pongMs} ms.`),
    })
    this.#stopWatching = () => {
      stopIdling()
      stopLiveness()
    }
    channel.listen({
      message: (text) => this.#receive(text),
      garbled: (says) => this.#refuse(says),
      close: (error) => this.#closed(error),
    })
  }

  get open(): boolean {
    return this.#open
  }

  // As with tRPC's untyped client. `clientOver(peer)` is the same with the types of a router.

  query(path: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#calling.call('query', path, input, options)
  }

  mutation(path: string, input?: unknown, options?: CallOptions): Promise<unknown> {
    return this.#calling.call('mutation', path, input, options)
  }

  subscription(path: string, input: unknown, options: CallOptions & SubscriptionHandlers): Unsubscribable {
    return this.#calling.subscribe(path, input, options)
  }

  /**
   * In order: what was sent still goes out. Calls that are pending here fail, calls that run here are cancelled. The other
   * side can be told why.
   */
  close(because?: Problem): void {
    if (because && this.#open) this.#channel.send(errorFrame(null, errorShape('FORBIDDEN', 403, because)))
    this.#end({ by: 'us', problem: because ?? null }, 'this side closed it.')
    this.#channel.close()
  }

  #send(frame: string): void {
    if (!this.#open) return
    this.#channel.send(frame)
    if (this.#channel.queuedBytes > this.#limits.maxQueuedBytes) {
      this.#cut(`the other side left ${this.#channel.queuedBytes} bytes unread.`)
    }
  }

  #receive(text: string): void {
    if (!this.#open || text === PONG) return
    if (text === PING) return this.#send(PONG)
    const frames = readFrames(text)
    if (!frames.ok) return this.#refuse(frames.says)
    for (const frame of frames.value) {
      const wrong = this.#take(frame)
      if (wrong !== null) return this.#refuse(wrong)
      if (!this.#open) return
    }
  }

  /** What is wrong with the frame, if anything is. */
  #take(frame: Frame): string | null {
    if (frame.kind === 'request') {
      this.#asked++
      return this.#serving.request(frame) ? null : 'the id of a request is in use'
    }
    if (frame.kind === 'result' || frame.kind === 'error') return this.#calling.response(frame)
    if (frame.kind === 'stop') this.#serving.stop(frame.id)
    else this.#leave(frame.error)
    return null
  }

  /** Nothing can be trusted after a frame that makes no sense. The other side is told why before the line closes. */
  #refuse(says: string): void {
    if (!this.#open) return
    const told = problem('malformed-frame', `Cannot go on with this connection: ${says}.`)
    this.#channel.send(errorFrame(null, errorShape('PARSE_ERROR', 400, told)))
    this.#end({ by: 'us', problem: told }, `this side closed it, because ${says}.`)
    this.#channel.close()
  }

  #leave(error: TRPCErrorShape): void {
    const told = problemOf(TRPCClientError.from({ error }))
    this.#end({ by: 'them', problem: told }, `the other side closed it and said: ${told.detail}`)
    this.#channel.close()
  }

  #cut(says: string): void {
    this.#end({ by: 'network', problem: problem('unreachable', `The connection was cut: ${says}`) }, says)
    this.#channel.close(new Error(says))
  }

  #closed(error: Error | undefined): void {
    if (error === undefined) return this.#end({ by: 'them', problem: null }, 'the other side closed it.')
    this.#end(
      { by: 'network', problem: problem('unreachable', `The connection failed: ${error.message}`) },
      error.message,
    )
  }

  #end(end: PeerEnd, says: string): void {
    if (!this.#open) return
    this.#open = false
    this.#stopWatching()
    this.#serving.end()
    this.#calling.end(says)
    this.#resolveEnded(end)
  }
}
