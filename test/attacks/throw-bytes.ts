/** Throws bytes and frames at a port, as somebody does who knows nothing of it or all too much; answers once the port has hung up. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import type { RawLine } from '../../packages/controller/test/raw-line.ts'

export async function throwAt(port: number, bytes: Uint8Array): Promise<void> {
  const socket = connect(port, '127.0.0.1')
  await gone(socket, () => socket.end(bytes))
}

export async function sayInTls(port: number, authority: string, bytes: Uint8Array): Promise<void> {
  const socket = connectTls({ port, host: '127.0.0.1', ca: authority })
  await once(socket, 'secureConnect')
  await gone(socket, () => socket.end(bytes))
}

/** One message, half of them as text, whatever that makes of them; answers with how the line ended. */
export async function sayOnce(line: RawLine, bytes: Uint8Array): Promise<string> {
  line.send(bytes.length % 2 === 0 ? bytes : Buffer.from(bytes).toString())
  line.close()
  return line.told
}

/** From the front of `frames` until all are sent or the line is closed; answers with how it ended. */
export async function sayAll(line: RawLine, frames: string[]): Promise<string> {
  while (frames.length > 0 && line.isOpen()) {
    for (const each of frames.splice(0, 20)) line.send(each)
    await new Promise((resolve) => setImmediate(resolve))
  }
  line.close()
  return line.told
}

async function gone(socket: Socket, begin: () => void): Promise<void> {
  socket.on('error', () => undefined)
  socket.resume()
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()))
  begin()
  await closed
}

export function chunks<Each>(all: readonly Each[], size: number): readonly (readonly Each[])[] {
  return Array.from({ length: Math.ceil(all.length / size) }, (_, index) => all.slice(index * size, (index + 1) * size))
}
