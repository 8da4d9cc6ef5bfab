/**
 * A line between two programs that can be made as bad as lines are: slow, silent in one direction or both, held up, reset.
 * TCP goes on acknowledging here what the other side never gets, as with a host that has lost its network.
 */
import { once } from 'node:events'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'

export type Direction = 'to-agent' | 'from-agent'

export interface Pace {
  readonly latencyMs: number
  readonly bytesPerSecond: number
}

export interface FaultProxy extends AsyncDisposable {
  readonly host: string
  readonly port: number
  /** For what passes from now on, until `heal`. */
  slow(pace: Pace): void
  /** What is sent in these directions never arrives, its end included. */
  lose(...directions: readonly Direction[]): void
  /** Nothing more is taken from the agent, as by a reader that stands still. */
  hold(): void
  /** Every connection is gone at once, with RST on both sides. */
  reset(): void
  /** The same once so many more bytes of the agent have passed. */
  resetAfter(bytes: number): void
  /** From now on nothing is amiss; what is lost stays lost. */
  heal(): void
}

export interface ProxyBetween {
  readonly listen: string
  readonly to: { readonly host: string; readonly port: number }
  /** Who connects to the proxy. */
  readonly dialledBy: 'agent' | 'caller'
}

/** Of one connection, in one direction: more than this on its way holds up whoever sends it. */
const mostOnTheWay = 256 * 1024

export async function faultProxy({ listen, to, dialledBy }: ProxyBetween): Promise<FaultProxy> {
  const lines = new Set<{ readonly near: Socket; readonly far: Socket; readonly lift: () => void }>()
  let pace: Pace | null = null
  let lost: readonly Direction[] = []
  let held = false
  let untilReset = Infinity

  const reset = (): void => {
    untilReset = Infinity
    for (const { near, far } of lines) for (const socket of [near, far]) socket.resetAndDestroy()
  }

  /** Returns what has it go on after it was held. */
  function pump(from: Socket, into: Socket, direction: Direction): () => void {
    let onTheWay = 0
    let freeMs = 0
    const isFull = (): boolean => onTheWay > mostOnTheWay || (held && direction === 'from-agent')
    const goOn = (): void => {
      if (!isFull() && !into.writableNeedDrain) from.resume()
    }
    /** In order: each waits for the one before it. */
    let before = Promise.resolve()
    const later = (bytes: number, then: () => void): void => {
      const nowMs = performance.now()
      const dueMs = Math.max(nowMs + (pace?.latencyMs ?? 0), freeMs)
      freeMs = dueMs + (bytes * 1000) / (pace?.bytesPerSecond ?? Infinity)
      const waitMs = freeMs - nowMs
      onTheWay += bytes
      const waited = waitMs > 0 ? new Promise<void>((resolve) => setTimeout(resolve, waitMs)) : null
      before = before.then(async () => {
        await waited
        onTheWay -= bytes
        then()
        goOn()
      })
    }
    const pass = (chunk: Buffer): void => {
      const part = direction === 'from-agent' ? chunk.subarray(0, untilReset) : chunk
      if (direction === 'from-agent') untilReset -= part.length
      const isLast = untilReset <= 0
      later(part.length, () => {
        if (!into.writable) return
        into.write(part, () => isLast && reset())
      })
    }
    from.on('data', (chunk: Buffer) => {
      if (!lost.includes(direction)) pass(chunk)
      if (isFull() || into.writableNeedDrain) from.pause()
    })
    into.on('drain', goOn)
    from.on('end', () => lost.includes(direction) || later(0, () => into.end()))
    from.on('close', () => {
      if (from.errored !== null && !lost.includes(direction)) into.resetAndDestroy()
    })
    from.on('error', () => undefined)
    if (isFull()) from.pause()
    return goOn
  }

  const server: Server = createServer({ allowHalfOpen: true, noDelay: true }, (near) => {
    const far = connect({ ...to, allowHalfOpen: true, noDelay: true })
    const [agent, caller] = dialledBy === 'agent' ? [near, far] : [far, near]
    const lifts = [pump(agent, caller, 'from-agent'), pump(caller, agent, 'to-agent')]
    const lift = (): void => {
      for (const each of lifts) each()
    }
    const line = { near, far, lift }
    lines.add(line)
    let open = 2
    for (const socket of [near, far]) socket.on('close', () => --open === 0 && lines.delete(line))
  })
  server.listen(0, listen)
  await once(server, 'listening')

  return {
    host: listen,
    port: (server.address() as AddressInfo).port,
    slow: (given) => (pace = given),
    lose: (...directions) => (lost = directions),
    hold: () => {
      held = true
      for (const { near, far } of lines) (dialledBy === 'agent' ? near : far).pause()
    },
    reset,
    resetAfter: (bytes) => (untilReset = bytes),
    heal() {
      pace = null
      lost = []
      held = false
      untilReset = Infinity
      for (const { lift } of lines) lift()
    },
    async [Symbol.asyncDispose]() {
      const closed = once(server, 'close')
      server.close()
      reset()
      await closed
    },
  }
}
