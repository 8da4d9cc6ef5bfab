/** An agent that says who it is as it should, and from then on sends one byte at a time of an answer that never ends. */
import { once } from 'node:events'
import { connect, type TLSSocket } from 'node:tls'
import { AGENT_PATH } from '@fleetmend/shared'
import type { Identity } from '../../packages/agent/src/state/identity.ts'
import { helloOf } from '../scenarios/dialling-agent.ts'
import type { World } from '../scenarios/world.ts'

export interface TricklingAgent {
  /** One more byte. */
  trickle(): void
  readonly isOpen: () => boolean
  close(): void
}

/** Frames of RFC 6455 by hand: a library sends whole ones. */
export async function tricklingAgent(world: World, identity: Identity): Promise<TricklingAgent> {
  const { port } = new URL(world.agentsUrl())
  const { authority: ca, key, certificate: cert, host } = identity
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, key, cert })
  socket.on('error', () => undefined)
  await once(socket, 'secureConnect')
  socket.write(upgrade)
  await once(socket, 'data')
  // The first that is asked of an agent is who it is, and calls are numbered from one.
  socket.write(textFrame(JSON.stringify({ id: 1, result: { type: 'data', data: helloOf(host) } })))
  socket.resume()
  const answer = textFrame('x'.repeat(60_000))
  let said = 0
  return {
    trickle() {
      const next = said++
      if (isOpen(socket)) socket.write(answer.subarray(next, next + 1))
    },
    isOpen: () => isOpen(socket),
    close: () => void socket.destroy(),
  }
}

const upgrade = [
  `GET ${AGENT_PATH} HTTP/1.1`,
  'host: 127.0.0.1',
  'connection: Upgrade',
  'upgrade: websocket',
  'sec-websocket-version: 13',
  'sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==',
  '\r\n',
].join('\r\n')

const finalText = 0x81
const masked = 0x80
const noMask = Buffer.alloc(4)

function textFrame(text: string): Buffer {
  const bytes = Buffer.from(text)
  const head = Buffer.from([finalText, masked | 126, bytes.length >> 8, bytes.length & 0xff])
  return Buffer.concat([head, noMask, bytes])
}

function isOpen(socket: TLSSocket): boolean {
  return !socket.destroyed && socket.readable
}
