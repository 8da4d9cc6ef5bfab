/** The controller as commands see it: calls that answer with a value or a problem, over a connection made when needed. */
import type { TRPCClient } from '@trpc/client'
import type { ApiRouter } from '@fleetmend/controller'
import {
  CallFailure,
  callFailureOf,
  clientOver,
  joined,
  problem,
  problemOf,
  type Part,
  type Peer,
  type Problem,
} from '@fleetmend/shared'
import type { Connected } from './connect-socket.ts'

export type Api = TRPCClient<ApiRouter>

export type Answer<Value> =
  | { readonly ok: true; readonly value: Value }
  | {
      readonly ok: false
      readonly problem: Problem
      /** The line is at fault, and it may come back: `not-asked` the request never left, `unknown` it may have been carried out. */
      readonly lost: 'not-asked' | 'unknown' | null
    }

export interface Controller {
  ask<Value>(call: (api: Api) => Promise<Value>): Promise<Answer<Value>>
  /** What comes in parts, because it is as long as the fleet is large. */
  askLong<Value>(subscribe: (api: Api) => AsyncIterable<Part<Value>>): Promise<Answer<Value>>
  /** What a subscription tells; returns why it ended before its end, if it did. */
  stream<Value>(
    subscribe: (api: Api) => AsyncIterable<Value>,
  ): AsyncGenerator<Value, Extract<Answer<never>, { ok: false }> | null>
  close(): void
}

export function controllerAt(connect: () => Promise<Connected>): Controller {
  let line: { readonly peer: Peer; readonly api: Api } | null = null

  const open = async (): Promise<Answer<Api>> => {
    if (line?.peer.open) return { ok: true, value: line.api }
    const connected = await connect()
    if (!connected.ok) return { ok: false, problem: connected.problem, lost: connected.again ? 'not-asked' : null }
    const { peer } = connected
    line = { peer, api: clientOver<ApiRouter>(peer) }
    return { ok: true, value: line.api }
  }

  const controller: Controller = {
    async ask(call) {
      const opened = await open()
      if (!opened.ok) return opened
      try {
        return { ok: true, value: await call(opened.value) }
      } catch (error) {
        return failure(error)
      }
    },
    async askLong<Value>(subscribe: (api: Api) => AsyncIterable<Part<Value>>): Promise<Answer<Value>> {
      const parts: Part<Value>[] = []
      const answer = controller.stream(subscribe)
      for (;;) {
        const next = await answer.next()
        if (!next.done) {
          parts.push(next.value)
          continue
        }
        if (next.value) return next.value
        // A controller that is stopped ends its answers in order, wherever they are.
        const value = joined(parts)
        return value === null ? failure(cutOff()) : { ok: true, value }
      }
    },
    async *stream(subscribe) {
      const opened = await open()
      if (!opened.ok) return opened
      try {
        yield* subscribe(opened.value)
        return null
      } catch (error) {
        return failure(error)
      }
    },
    close: () => line?.peer.close(),
  }
  return controller
}

function cutOff(): CallFailure {
  return new CallFailure('connection-lost', true, 'The answer ended before all of it was there.')
}

function failure(error: unknown): Extract<Answer<never>, { ok: false }> {
  const lost = callFailureOf(error)
  // Over this line the controller is the other side: what does not answer is never one of its hosts.
  if (lost === null) return { ok: false, problem: problemOf(error), lost: null }
  const unknown = lost.sent ? ' Whether it was carried out is not known.' : ''
  return {
    ok: false,
    problem: problem(
      'controller-unreachable',
      `${lost.message}${unknown}\n\nTo see what there is, once it is back:\n    fleetmend runs list`,
    ),
    lost: lost.sent ? 'unknown' : 'not-asked',
  }
}
