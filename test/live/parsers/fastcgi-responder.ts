/** A FastCGI server that answers each request with what it was sent: one JSON line with its own name and the parameters. */
import { once } from 'node:events'
import { chmodSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'

export interface Sent {
  /** The responder that was asked. */
  readonly to: string
  /** Of parameters with one name the last, as in FPM. */
  readonly params: Readonly<Record<string, string>>
}

/** Listens at a unix socket; `name` is how it calls itself. */
export async function respondAt(path: string, name: string): Promise<AsyncDisposable> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket.on('error', () => undefined).on('close', () => sockets.delete(socket)))
    let bytes: Buffer = Buffer.alloc(0)
    socket.on('data', (more: Buffer) => {
      bytes = Buffer.concat([bytes, more])
      const params = paramsOf(bytes)
      if (params) socket.end(answer(JSON.stringify({ to: name, params } satisfies Sent)))
    })
  })
  server.listen(path)
  await once(server, 'listening')
  chmodSync(path, 0o666)
  return {
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      server.close()
      await once(server, 'close')
    },
  }
}

const kinds = { endRequest: 3, params: 4, stdin: 5, stdout: 6 }

/** Null until the request is whole, which an empty STDIN record says (FastCGI specification 1.0, 3.3). */
function paramsOf(bytes: Buffer): Readonly<Record<string, string>> | null {
  const pieces: Buffer[] = []
  for (let at = 0; at + 8 <= bytes.length;) {
    const length = bytes.readUInt16BE(at + 4)
    const end = at + 8 + length + (bytes[at + 6] ?? 0)
    if (end > bytes.length) return null
    if (bytes[at + 1] === kinds.params) pieces.push(bytes.subarray(at + 8, at + 8 + length))
    if (bytes[at + 1] === kinds.stdin && length === 0) return pairs(Buffer.concat(pieces))
    at = end
  }
  return null
}

function pairs(bytes: Buffer): Readonly<Record<string, string>> {
  const found: [string, string][] = []
  let at = 0
  const length = (): number => {
    const first = bytes[at] ?? 0
    at += first < 128 ? 1 : 4
    return first < 128 ? first : bytes.readUInt32BE(at - 4) & 0x7fff_ffff
  }
  const text = (size: number): string => bytes.toString('latin1', at, (at += size))
  while (at < bytes.length) {
    const [nameSize, valueSize] = [length(), length()]
    found.push([text(nameSize), text(valueSize)])
  }
  return Object.fromEntries(found)
}

function answer(body: string): Buffer {
  return Buffer.concat([
    record(kinds.stdout, Buffer.from(`Content-Type: text/plain\r\n\r\n${body}`)),
    record(kinds.stdout, Buffer.alloc(0)),
    record(kinds.endRequest, Buffer.alloc(8)),
  ])
}

function record(kind: number, content: Buffer): Buffer {
  return Buffer.concat([Buffer.from([1, kind, 0, 1, content.length >> 8, content.length & 0xff, 0, 0]), content])
}
