/**
 * What a call costs: `Peer` beside raw WebSocket ping-pong on the very same sockets and beside tRPC's own link and
 * handler. Both ends are in this one process, so a figure is the cost of both. Rounds are interleaved, and only the
 * ratios mean something on a busy machine. Run it with `node bench/wire.ts`.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createTRPCClient, createWSClient, wsLink, type TRPCClient } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { Peer } from '../src/wire/peer.ts'
import { webSocketChannel, type WebSocketLike } from '../src/wire/web-socket-channel.ts'

const t = initTRPC.create()
const router = t.router({ diagnose: t.procedure.query(() => ({ host: 'web-7', outcome: 'diagnosed', findings: [] })) })
type BenchRouter = typeof router

const rounds = 7
const sequentialCalls = 1_000
const concurrentCalls = 5_000
const inFlight = 100

interface Contender {
  readonly name: string
  call(): Promise<unknown>
}

interface Figures {
  readonly microsecondsPerCall: number[]
  readonly callsPerSecond: number[]
}

const ours = await ourConnection()
const stock = await stockConnection()
const contenders: readonly Contender[] = [ours.raw, ours.peer, stock.contender]
const figures = new Map<Contender, Figures>(
  contenders.map((contender) => [contender, { microsecondsPerCall: [], callsPerSecond: [] }]),
)

for (let round = 0; round <= rounds; round++) {
  for (const [contender, { microsecondsPerCall, callsPerSecond }] of figures) {
    const sequential = await oneAfterAnother(contender)
    const concurrent = await manyAtOnce(contender)
    // The first round only warms up.
    if (round === 0) continue
    microsecondsPerCall.push(sequential)
    callsPerSecond.push(concurrent)
  }
}

print()
ours.close()
stock.close()

/** Raw text and a `Peer` share one pair of sockets: what begins with `!` is raw. */
async function ourConnection() {
  const { server, url } = await listen()
  server.on('connection', (ws, { socket }) => {
    const { rest } = split(ws, (text) => ws.send(text))
    return new Peer(webSocketChannel(rest, { socket }), { router })
  })
  const ws = new WebSocket(url, { perMessageDeflate: false })
  const [[{ socket }]] = (await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])) as [[IncomingMessage], unknown]

  const waiting = new Map<string, (text: string) => void>()
  const { rest } = split(ws, (text) => {
    const id = text.slice(1, text.indexOf('{'))
    waiting.get(id)?.(text)
    waiting.delete(id)
  })
  const peer = new Peer(webSocketChannel(rest, { socket }))
  const client = createTRPCClient<BenchRouter>({ links: [peer.link()] })
  const payload = JSON.stringify({ host: 'web-7', outcome: 'diagnosed', findings: [] })
  let lastId = 0
  return {
    raw: {
      name: 'raw ws ping-pong',
      call: () =>
        new Promise((resolve) => {
          const id = String(++lastId)
          waiting.set(id, resolve)
          ws.send(`!${id}${payload}`)
        }),
    },
    peer: callerOf('Peer over ws', client),
    close() {
      peer.close()
      server.close()
    },
  }
}

async function stockConnection() {
  const { server, url } = await listen()
  applyWSSHandler({ wss: server, router })
  const ws = createWSClient({ url, WebSocket: WebSocket as unknown as typeof globalThis.WebSocket })
  const client = createTRPCClient<BenchRouter>({ links: [wsLink({ client: ws })] })
  return {
    contender: callerOf('stock wsLink and handler', client),
    close() {
      void ws.close()
      server.close()
    },
  }
}

function callerOf(name: string, client: TRPCClient<BenchRouter>): Contender {
  return { name, call: () => client.diagnose.query() }
}

async function listen(): Promise<{ server: WebSocketServer; url: string }> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { server, url: `ws://127.0.0.1:${port}` }
}

/** The socket without its raw messages. */
function split(ws: WebSocket, onRaw: (text: string) => void): { rest: WebSocketLike } {
  const isRaw = (data: unknown): boolean => Buffer.isBuffer(data) && data[0] === 0x21
  ws.on('message', (data: Buffer) => {
    if (isRaw(data)) onRaw(data.toString('utf8'))
  })
  const rest: WebSocketLike = {
    get readyState() {
      return ws.readyState
    },
    get bufferedAmount() {
      return ws.bufferedAmount
    },
    send: (data, sent) => ws.send(data, sent),
    close: (code) => ws.close(code),
    terminate: () => ws.terminate(),
    on(event: string, listener: (...given: never[]) => void) {
      const heard = listener as (...given: unknown[]) => void
      if (event !== 'message') return ws.on(event, heard)
      return ws.on('message', (data, isBinary) => {
        if (!isRaw(data)) heard(data, isBinary)
      })
    },
  }
  return { rest }
}

async function oneAfterAnother(contender: Contender): Promise<number> {
  const startedMs = performance.now()
  for (let n = 0; n < sequentialCalls; n++) await contender.call()
  return ((performance.now() - startedMs) * 1000) / sequentialCalls
}

async function manyAtOnce(contender: Contender): Promise<number> {
  const startedMs = performance.now()
  let left = concurrentCalls
  const lane = async (): Promise<void> => {
    while (left-- > 0) await contender.call()
  }
  await Promise.all(Array.from({ length: inFlight }, lane))
  return (concurrentCalls * 1000) / (performance.now() - startedMs)
}

function print(): void {
  const base = figures.get(ours.raw)
  if (base === undefined) return
  const rawLatency = median(base.microsecondsPerCall)
  const rawThroughput = median(base.callsPerSecond)
  console.log(`${rounds} interleaved rounds, medians (lowest to highest)\n`)
  for (const [{ name }, { microsecondsPerCall, callsPerSecond }] of figures) {
    const latency = median(microsecondsPerCall)
    const throughput = median(callsPerSecond)
    console.log(
      [
        name.padEnd(26),
        `one after another ${latency.toFixed(0).padStart(5)} us (${spread(microsecondsPerCall)})`,
        `${(latency / rawLatency).toFixed(2)}x raw`.padStart(11),
        `${inFlight} in flight ${throughput.toFixed(0).padStart(6)} /s (${spread(callsPerSecond)})`,
        `${(throughput / rawThroughput).toFixed(2)}x raw`,
      ].join('  '),
    )
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`
}
