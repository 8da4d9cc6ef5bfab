/**
 * The address that an agent dials, in the hands of somebody who has the controller's key and answers with what they like, at
 * whatever layer; until they leave it to the controller itself.
 */
import { createHash } from 'node:crypto'
import { on, once } from 'node:events'
import { createServer as createHttps } from 'node:https'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import type { Duplex } from 'node:stream'
import { takeRawLine, type RawLine } from '../../packages/controller/test/raw-line.ts'
import type { AgentsDoor } from './agents-door.ts'

export interface EvilController extends AsyncDisposable {
  readonly url: string
  /** Each to the next that dials. Resolve when it has hung up. */
  answerInPlaceOf(layer: 'TLS' | 'HTTP' | 'WebSocket frames', bytes: Uint8Array): Promise<void>
  /** The next that dials takes it for its controller. */
  nextLine(): Promise<RawLine>
  leave(): void
}

export async function evilController({ port, authority, clock }: AgentsDoor): Promise<EvilController> {
  const { chain, key } = await authority.issueServerCertificate(['127.0.0.1'], clock.nowMs())
  const behind = createHttps({ key, cert: chain, minVersion: 'TLSv1.3' })
  const behindPort = await listening(behind)
  // An agent has one line at a time, and waits here until somebody decides what becomes of it.
  const front = createServer()
  const dials = on(front, 'connection')
  const frontPort = await listening(front)

  async function nextDial(): Promise<Socket> {
    const { value } = await dials.next()
    const [socket] = value as [Socket]
    socket.on('error', () => undefined)
    return socket
  }

  return {
    url: `wss://127.0.0.1:${frontPort}`,
    async answerInPlaceOf(layer, bytes) {
      const dial = await nextDial()
      const hungUp = once(dial, 'close')
      if (layer === 'TLS') say(dial, bytes)
      else {
        behind.once('upgrade', ({ headers }, socket) => {
          if (layer === 'WebSocket frames') socket.write(accepted(headers['sec-websocket-key'] ?? ''))
          say(socket, bytes)
        })
        handOn(dial, behindPort)
      }
      await hungUp
    },
    nextLine: () =>
      new Promise((resolve, reject) => {
        behind.once('upgrade', (request, socket, head) => {
          takeRawLine(request, socket, head).then(resolve, reject)
        })
        nextDial().then((dial) => handOn(dial, behindPort), reject)
      }),
    leave() {
      void (async () => {
        for await (const [dial] of dials) handOn(dial as Socket, port)
      })()
    },
    async [Symbol.asyncDispose]() {
      await dials.return?.()
      for (const server of [front, behind]) await new Promise((resolve) => server.close(resolve))
    },
  }
}

async function listening(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return (server.address() as AddressInfo).port
}

function say(stream: Duplex, bytes: Uint8Array): void {
  stream.on('error', () => undefined)
  stream.resume().end(bytes)
}

function handOn(from: Socket, port: number): void {
  const to = connect(port, '127.0.0.1')
  to.on('error', () => from.destroy()).on('close', () => from.destroy())
  from.on('error', () => undefined).on('close', () => to.destroy())
  from.pipe(to).pipe(from)
}

/** RFC 6455, section 4.2.2. */
function accepted(key: string): string {
  const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64')
  return `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`
}
