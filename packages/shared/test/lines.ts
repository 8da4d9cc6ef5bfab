/** Two ends of a real line for tests of the wire: memory, a unix socket, a WebSocket. Each cleans up by scope. */
import { once } from 'node:events'
import { mkdtemp, rm } from 'node:fs/promises'
import type { IncomingMessage } from 'node:http'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { WebSocket, WebSocketServer } from 'ws'
import type { Channel } from '../src/wire/channel.ts'
import { memoryChannels } from '../src/wire/memory-channel.ts'
import { streamChannel } from '../src/wire/stream-channel.ts'
import { webSocketChannel } from '../src/wire/web-socket-channel.ts'

export interface Line extends AsyncDisposable {
  readonly left: Channel
  readonly right: Channel
  /** As if somebody pulled the plug on the left: no goodbye. */
  cut(): void
  /** That end stops taking what arrives. */
  pauseLeft(): void
  resumeLeft(): void
  pauseRight(): void
  resumeRight(): void
}

export const lines: Record<string, () => Promise<Line>> = {
  memory: memoryLine,
  'a unix socket': socketLine,
  'a WebSocket': webSocketLine,
}

export async function memoryLine(): Promise<Line> {
  const [left, right] = memoryChannels()
  return {
    left,
    right,
    cut: () => left.close(new Error('cut')),
    pauseLeft: () => left.pause(),
    resumeLeft: () => left.resume(),
    pauseRight: () => right.pause(),
    resumeRight: () => right.resume(),
    async [Symbol.asyncDispose]() {
      left.close(new Error('test over'))
      right.close(new Error('test over'))
    },
  }
}

/** The two raw ends of a unix socket. */
export async function socketPair(): Promise<{ left: Socket; right: Socket } & AsyncDisposable> {
  const folder = await mkdtemp(join(tmpdir(), 'fleetmend-wire-'))
  const server = createServer()
  server.listen(join(folder, 'line'))
  await once(server, 'listening')
  const left = connect(join(folder, 'line'))
  const [right] = (await once(server, 'connection')) as [Socket]
  left.on('error', () => {})
  right.on('error', () => {})
  return {
    left,
    right,
    async [Symbol.asyncDispose]() {
      left.destroy()
      right.destroy()
      server.close()
      await rm(folder, { recursive: true, force: true })
    },
  }
}

async function socketLine(): Promise<Line> {
  const pair = await socketPair()
  return {
    left: streamChannel(pair.left),
    right: streamChannel(pair.right),
    cut: () => pair.left.destroy(),
    pauseLeft: () => pair.left.pause(),
    resumeLeft: () => pair.left.resume(),
    pauseRight: () => pair.right.pause(),
    resumeRight: () => pair.right.resume(),
    [Symbol.asyncDispose]: () => pair[Symbol.asyncDispose](),
  }
}

/** A server for WebSockets with the options of the product, and its address. */
export async function webSocketServer(): Promise<{ server: WebSocketServer; url: string } & AsyncDisposable> {
  const server = new WebSocketServer({
    host: '127.0.0.1',
    port: 0,
    perMessageDeflate: false,
    maxPayload: 4 * 1024 * 1024,
  })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return {
    server,
    url: `ws://127.0.0.1:${port}`,
    async [Symbol.asyncDispose]() {
      for (const ws of server.clients) ws.terminate()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function webSocketLine(): Promise<Line> {
  const { server, url, [Symbol.asyncDispose]: stop } = await webSocketServer()
  const left = new WebSocket(url, { perMessageDeflate: false, maxPayload: 4 * 1024 * 1024 })
  const [[right, request], [response]] = (await Promise.all([
    once(server, 'connection'),
    once(left, 'upgrade'),
    once(left, 'open'),
  ])) as [[WebSocket, IncomingMessage], [IncomingMessage], unknown]
  return {
    left: webSocketChannel(left, { socket: response.socket }),
    right: webSocketChannel(right, { socket: request.socket }),
    cut: () => left.terminate(),
    pauseLeft: () => left.pause(),
    resumeLeft: () => left.resume(),
    pauseRight: () => right.pause(),
    resumeRight: () => right.resume(),
    async [Symbol.asyncDispose]() {
      left.terminate()
      await stop()
    },
  }
}
