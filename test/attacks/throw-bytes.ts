/** Throws bytes and frames at whatever listens, as somebody does who knows nothing of it or all too much; answers once it has hung up. */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { connect as connectTls } from 'node:tls'
import { MAX_FRAME_BYTES, problemOf } from '@fleetmend/shared'
import { frameReader } from '../../packages/shared/src/wire/frame-reader.ts'
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

/** From the front of `all` until they are sent or the line is closed; answers with how it ended. `pauseMs`: after each few. */
export async function sayAll(line: RawLine, all: (string | Uint8Array)[], pauseMs?: number): Promise<string> {
  while (all.length > 0 && line.isOpen()) {
    for (const each of all.splice(0, 20)) line.send(each)
    await (pauseMs === undefined ? new Promise((resolve) => setImmediate(resolve)) : sleep(pauseMs))
  }
  line.close()
  return line.told
}

/** To a unix socket; answers with the code that it was told, or `closed`. */
export async function sayOnSocket(path: string, bytes: Uint8Array): Promise<string> {
  const socket = connect(path)
  const told = heard(socket)
  await gone(socket, () => socket.end(bytes))
  return told().end
}

/** As `sayAll`, on a unix socket; the codes with which single calls were refused are added to `refusals`. */
export async function sayAllOnSocket(path: string, frames: string[], refusals: Set<string>): Promise<string> {
  const socket = connect(path)
  const told = heard(socket)
  await gone(socket, () => void say())
  const { end, refused } = told()
  for (const code of refused) refusals.add(code)
  return end

  async function say(): Promise<void> {
    while (frames.length > 0 && socket.writable) {
      for (const each of frames.splice(0, 20)) socket.write(framed(Buffer.from(each)))
      await new Promise((resolve) => setImmediate(resolve))
    }
    socket.end()
  }
}

/** Behind its length, as on every stream of ours. */
export function framed(bytes: Uint8Array): Uint8Array {
  const head = Buffer.alloc(4)
  head.writeUInt32BE(bytes.length)
  return Buffer.concat([head, bytes])
}

interface Told {
  /** An error without an id ends a connection; `closed`: it was not told any. */
  readonly end: string
  readonly refused: readonly string[]
}

function heard(socket: Socket): () => Told {
  let end = 'closed'
  const refused: string[] = []
  const reader = frameReader({
    maxFrameBytes: MAX_FRAME_BYTES,
    expectPreamble: false,
    onFrame(frame) {
      if (!frame.includes('"error"')) return
      const { id, error } = JSON.parse(frame) as { id: unknown; error?: { data: unknown } }
      if (error === undefined) return
      const { code } = problemOf({ data: error.data })
      if (id === null) end = code
      else refused.push(code)
    },
    onGarbled: (says) => socket.destroy(new Error(says)),
  })
  socket.on('data', (chunk: Buffer) => reader.push(chunk))
  return () => ({ end, refused })
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
