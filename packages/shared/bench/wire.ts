/**
 * What a call costs: `Peer` beside raw WebSocket ping-pong, beside the least that any calls over WebSockets cost, and beside
 * tRPC's own link and handler. Each has lines of its own, all alike. Both ends are in this one process, so a figure is the
 * cost of both. Rounds are interleaved, and only the ratios mean something on a busy machine. Run it with
 * `node bench/wire.ts`.
 */
import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { createTRPCClient, createWSClient, wsLink } from '@trpc/client'
import { initTRPC } from '@trpc/server'
import { applyWSSHandler } from '@trpc/server/adapters/ws'
import { WebSocket, WebSocketServer } from 'ws'
import { clientOver } from '../src/wire/client-over.ts'
import { corkPerTurn } from '../src/wire/cork.ts'
import { Peer } from '../src/wire/peer.ts'
import { webSocketChannel } from '../src/wire/web-socket-channel.ts'

const answer = { host: 'web-7', outcome: 'diagnosed', findings: [] }
const t = initTRPC.create()
const router = t.router({ diagnose: t.procedure.query(() => answer) })
type BenchRouter = typeof router

const rounds = 9
const calls = 5_000
const lineCount = 100

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

/** The ways in which lines are asked; what each counts is calls per second. */
const ways: readonly { readonly name: string; readonly ask: (lines: readonly Call[]) => Promise<void> }[] = [
  { name: 'one after another', ask: ([line]) => inLanes([line!], calls / 5) },
  {
    name: '100 in flight',
    ask: ([line]) =>
      inLanes(
        Array.from({ length: 100 }, () => line!),
        calls,
      ),
  },
  { name: `${lineCount} lines, one each`, ask: (lines) => inLanes(lines, calls) },
]

/** Calls per second, of each round. */
const figures = new Map<Contender, Map<string, number[]>>()
const lines = new Map<Contender, readonly Call[]>()
for (const contender of [raw, leastCall, peer, stock]) {
  lines.set(contender, await openLines(contender))
  figures.set(contender, new Map(ways.map(({ name }) => [name, []])))
}
// The first round only warms up.
for (let round = 0; round <= rounds; round++) {
  for (const { name, ask } of ways) {
    for (const [contender, given] of lines) {
      const startedMs = performance.now()
      await ask(given)
      const asked = name === 'one after another' ? calls / 5 : calls
      const perSecond = (asked * 1000) / (performance.now() - startedMs)
      if (round > 0) figures.get(contender)?.get(name)?.push(perSecond)
    }
  }
}
print()
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
async function inLanes(lanes: readonly Call[], count: number): Promise<void> {
  let left = count
  await Promise.all(
    lanes.map(async (call) => {
      while (left-- > 0) await call()
    }),
  )
}

function print(): void {
  console.log(`calls per second, medians of ${rounds} interleaved rounds (lowest to highest), and beside raw ws\n`)
  for (const { name: way } of ways) {
    console.log(way)
    const base = median(figures.get(raw)?.get(way) ?? [])
    for (const [{ name }, perWay] of figures) {
      const perSecond = perWay.get(way) ?? []
      const ratio = (median(perSecond) / base).toFixed(2)
      console.log(`  ${name.padEnd(26)}${median(perSecond).toFixed(0).padStart(7)}  ${ratio}  (${spread(perSecond)})`)
    }
  }
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN
}

function spread(values: readonly number[]): string {
  return `${Math.min(...values).toFixed(0)}-${Math.max(...values).toFixed(0)}`
}
