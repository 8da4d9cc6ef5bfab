/** An agent that keeps its line as `serve` does, with a clock that the test moves and calls that last as long as it wants. */
import type { HostId } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { dialOut } from '../../packages/agent/src/serve/dial-out.ts'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { movedClock, type MovedClock } from '../../packages/controller/test/moved-clock.ts'

export interface DiallingAgent extends AsyncDisposable {
  readonly clock: MovedClock
  readonly said: readonly string[]
  /** As it is on disk by now. */
  readonly identity: () => Identity
  /** Answers every call of `history` that waits. */
  release(): void
}

const t = initTRPC.create()

export function diallingAgent(first: Identity, clock: MovedClock = movedClock()): DiallingAgent {
  let identity = first
  const said: string[] = []
  const gate = Promise.withResolvers<void>()
  const stop = new AbortController()
  const router = t.router({
    hello: t.procedure.query(() => helloOf(first.host)),
    history: t.procedure.query(() => gate.promise.then(() => [])),
  })
  const ended = dialOut(
    {
      identity: first,
      peer: { router },
      saveIdentity: async (renewed) => void (identity = renewed),
      say: (line) => said.push(line),
      nowMs: () => clock.nowMs(),
      sleep: (ms, signal) => clock.sleep(ms, signal),
    },
    stop.signal,
  )
  return {
    clock,
    said,
    identity: () => identity,
    release: () => gate.resolve(),
    async [Symbol.asyncDispose]() {
      gate.resolve()
      stop.abort()
      await ended
    },
  }
}

export function helloOf(host: HostId) {
  return {
    host,
    agentVersion: '0.1.0',
    os: null,
    spoken: { newest: 1, oldest: 1 },
    catalogue: { diagnoses: [], remediations: [] },
  }
}
