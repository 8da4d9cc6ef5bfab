/**
 * What a call costs: `Peer` beside raw WebSocket ping-pong, beside the least that any calls over WebSockets cost, and beside
 * tRPC's own link and handler. Each has lines of its own, all alike. Both ends are in this one process, so a figure is the
 * cost of both. Rounds are interleaved, and only the ratios mean something on a busy machine. Run it with
 * `node bench/wire.ts`.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { clientOver } from '../src/wire/client-over.ts'
import { corkPerTurn } from '../src/wire/cork.ts'
import { memoryChannels } from '../src/wire/memory-channel.ts'
import { Peer } from '../src/wire/peer.ts'
import { webSocketChannel } from '../src/wire/web-socket-channel.ts'
import { median } from '../../../test/lab/median.ts'

const answer = { host: 'web-7', outcome: 'diagnosed', findings: [] }
const t = initTRPC.create()
const router = t.router({ diagnose: t.procedure.query(() => answer) })
type BenchRouter = typeof router

const rounds = 21
const calls = 2_000
const lineCount = 100
const idlePeers = 10_000

/** How a line is asked something; the answer says nothing new. */
type Call = () => Promise<unknown>

interface End {
  readonly ws: WebSocket
  readonly socket: Socket
}

interface Contender {
  readonly name: string
  serve(server: WebSocketServer): void
  /** The calling end of a line to what `serve` made of the server. */
  open(url: string): Promise<Call>
}

/** Text goes there and comes back, with a number to find who waits for it. */
const raw: Contender = {
  name: 'raw ws ping-pong',
  serve: (server) =>
    server.on('connection', (ws) => ws.on('message', (data: Buffer) => ws.send(data.toString('utf8')))),
  async open(url) {
    const { ws } = await dial(url)
    const payload = JSON.stringify(answer)
    const { ask, answered } = waitingCalls()
    ws.on('message', (data: Buffer) => {
      const text = data.toString('utf8')
      answered(Number(text.slice(0, text.indexOf('{'))))
    })
    return () => ask((id) => ws.send(`${id}${payload}`))
  },
}

/** What no call can do without, and nothing else: JSON both ways, an id, one write for all frames of a turn. */
const leastCall: Contender = {
  name: 'raw ws, JSON, one write',
  serve: (server) =>
    server.on('connection', (ws, { socket }) => {
      const cork = corkPerTurn(socket)
      ws.on('message', (data: Buffer) => {
        const { id } = JSON.parse(data.toString('utf8')) as { id: number }
        cork()
        ws.send(JSON.stringify({ id, result: { data: answer } }))
      })
    }),
  async open(url) {
    const { ws, socket } = await dial(url)
    const cork = corkPerTurn(socket)
    const { ask, answered } = waitingCalls()
    ws.on('message', (data: Buffer) => answered((JSON.parse(data.toString('utf8')) as { id: number }).id))
    return () =>
      ask((id) => {
        cork()
        ws.send(JSON.stringify({ id, method: 'query', params: { path: 'diagnose' } }))
      })
  },
}

const peer: Contender = {
  name: 'Peer over ws',
  serve: (server) =>
    server.on('connection', (ws, { socket }) => new Peer(webSocketChannel(ws, { socket }), { router })),
  async open(url) {
    const { ws, socket } = await dial(url)
    const client = clientOver<BenchRouter>(new Peer(webSocketChannel(ws, { socket })))
    return () => client.diagnose.query()
  },
}

const stock: Contender = {
  name: 'stock wsLink and handler',
  serve: (server) => applyWSSHandler({ wss: server, router }),
  async open(url) {
    const ws = createWSClient({ url, WebSocket: WebSocket as unknown as typeof globalThis.WebSocket })
    const client = createTRPCClient<BenchRouter>({ links: [wsLink({ client: ws })] })
    return () => client.diagnose.query()
  },
}

/** The ways in which lines are asked. */
const ways: readonly {
  readonly name: string
  readonly calls: number
  readonly lanes: (lines: readonly Call[]) => readonly Call[]
}[] = [
  { name: 'one after another', calls: calls / 4, lanes: (lines) => lines.slice(0, 1) },
  { name: '100 in flight', calls, lanes: ([line]) => Array.from({ length: 100 }, () => line!) },
  { name: `${lineCount} lines, one each`, calls, lanes: (lines) => lines },
]
const contenders = [raw, leastCall, peer, stock]

console.log(
  `calls per second, medians of ${rounds} interleaved rounds (lowest to highest), and beside raw ws in the same round\n`,
)
const lines = await Promise.all(contenders.map(openLines))
for (const way of ways) {
  const figures = contenders.map((): number[] => [])
  // The first round only warms up.
  for (let round = 0; round <= rounds; round++) {
    for (const [n, given] of lines.entries()) {
      const perSecond = await callsPerSecond(way.lanes(given), way.calls)
      if (round > 0) figures[n]?.push(perSecond)
    }
  }
  console.log(way.name)
  for (const [n, { name }] of contenders.entries()) print(name, figures[n] ?? [], figures[0] ?? [])
}
console.log(
  `\nheap of a Peer that waits: ${((await heapOf(idlePeers)) / idlePeers / 1024).toFixed(1)} KiB, its line aside`,
)
process.exit(0)

async function openLines(contender: Contender): Promise<readonly Call[]> {
  const server = new WebSocketServer({ host: '127.0.0.1', port: 0, perMessageDeflate: false })
  await once(server, 'listening')
  contender.serve(server)
  const { port } = server.address() as AddressInfo
  return Promise.all(Array.from({ length: lineCount }, () => contender.open(`ws://127.0.0.1:${port}`)))
}

async function dial(url: string): Promise<End> {
  const ws = new WebSocket(url, { perMessageDeflate: false })
  const [[{ socket }]] = (await Promise.all([once(ws, 'upgrade'), once(ws, 'open')])) as [[IncomingMessage], unknown]
  return { ws, socket }
}

function waitingCalls() {
  const waiting = new Map<number, (answer: null) => void>()
  let lastId = 0
  return {
    ask: (send: (id: number) => void): Promise<null> =>
      new Promise((resolve) => {
        const id = ++lastId
        waiting.set(id, resolve)
        send(id)
      }),
    answered(id: number) {
      waiting.get(id)?.(null)
      waiting.delete(id)
    },
  }
}

/** As many at once as there are lanes. */
async function callsPerSecond(lanes: readonly Call[], count: number): Promise<number> {
  let left = count
  const startedMs = performance.now()
  await Promise.all(
    lanes.map(async (call) => {
      while (left-- > 0) await call()
    }),
  )
  return (count * 1000) / (performance.now() - startedMs)
}

/** Bytes that go when nothing else than the peers does. */
async function heapOf(count: number): Promise<number> {
  const channels = Array.from({ length: count }, memoryChannels)
  const without = await heapUsed()
  const peers = channels.map(([left]) => new Peer(left, { router }))
  const withPeers = await heapUsed()
  for (const each of peers) each.close()
  return withPeers - without
}

async function heapUsed(): Promise<number> {
  setFlagsFromString('--expose-gc')
  const collect = runInNewContext('gc') as () => void
  for (let n = 0; n < 5; n++) {
    collect()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return process.memoryUsage().heapUsed
}

function print(name: string, perSecond: readonly number[], base: readonly number[]): void {
  const ratio = median(perSecond.map((each, round) => each / (base[round] ?? Number.NaN)))
  const spread = `${Math.min(...perSecond).toFixed(0)}-${Math.max(...perSecond).toFixed(0)}`
  console.log(`  ${name.padEnd(26)}${median(perSecond).toFixed(0).padStart(7)}  ${ratio.toFixed(2)}  (${spread})`)
}
