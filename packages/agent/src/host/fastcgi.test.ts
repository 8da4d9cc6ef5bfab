import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { rename, writeFile } from 'node:fs/promises'
import { connect, createServer, type AddressInfo, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import { describe, expect, test } from 'vitest'
import { encodeRequest } from './fastcgi-records.ts'
import { requestFastCgi } from './fastcgi.ts'
import type { SocketAddress } from './host.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** So long that only what never answers comes near it. */
const limitMs = 60_000
const loopbacks = (networkInterfaces()['lo'] ?? []).map(({ address }) => address)
const params = { REQUEST_METHOD: 'GET', SCRIPT_NAME: '/status' }

function record(type: number, content: Buffer | string): Buffer {
  const bytes = Buffer.from(content)
  return Buffer.concat([Buffer.from([1, type, 0, 1, bytes.length >> 8, bytes.length & 0xff, 0, 0]), bytes])
}

const out = (text: string) => record(6, text)
const end = (protocolStatus = 0) => record(3, Buffer.from([0, 0, 0, 0, protocolStatus, 0, 0, 0]))
const pong = Buffer.concat([out('Status: 201 Made\r\nX-A: b\r\n\r\npo'), record(7, 'a notice'), out('ng'), end()])

interface Server extends AsyncDisposable {
  readonly address: SocketAddress
  /** The bytes of each request, and when its connection is closed. */
  readonly requests: readonly { readonly bytes: Buffer; readonly closed: Promise<unknown> }[]
}

/** A server that reads a whole request of `params` and then does as it is told. */
async function serving(
  listen: string | { host: string; port: number },
  serve: (socket: Socket) => void,
): Promise<Server> {
  const requests: { bytes: Buffer; closed: Promise<unknown> }[] = []
  const wholeLength = encodeRequest(params).length
  const server = createServer((socket) => {
    const request = { bytes: Buffer.alloc(0), closed: new Promise((resolve) => socket.on('close', resolve)) }
    requests.push(request)
    socket.on('error', () => undefined)
    socket.on('data', (chunk: Buffer) => {
      request.bytes = Buffer.concat([request.bytes, chunk])
      if (request.bytes.length === wholeLength) serve(socket)
    })
  })
  server.listen(typeof listen === 'string' ? { path: listen } : listen)
  await once(server, 'listening')
  const at = server.address()
  return {
    address: typeof at === 'string' ? `unix:${at}` : `tcp:${hostOf(at!)}:${at!.port}`,
    requests,
    [Symbol.asyncDispose]: () => new Promise((resolve) => server.close(() => resolve())),
  }
}

function hostOf({ family, address }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]` : address
}

/** What one request gets from a server on a unix socket of its own. */
async function replyOf(serve: (socket: Socket) => void, withinMs = limitMs) {
  await using folder = await temporaryFolder()
  await using server = await serving(folder.at('fpm.sock'), serve)
  const reply = await requestFastCgi({ address: server.address, params, limitMs: withinMs })
  // Whatever came of it, the connection is given back: the server sees it closed.
  await server.requests[0]?.closed
  return reply
}

describe('a server that answers', () => {
  const answered = {
    kind: 'answered',
    status: 201,
    headers: { status: '201 Made', 'x-a': 'b' },
    body: 'pong',
    stderr: 'a notice',
    connectMs: expect.any(Number),
    firstByteMs: expect.any(Number),
    tookMs: expect.any(Number),
  }

  test('is sent the request as it is, and its answer is taken apart', async () => {
    await using folder = await temporaryFolder()
    await using server = await serving(folder.at('fpm.sock'), (socket) => socket.write(pong))
    const reply = await requestFastCgi({ address: server.address, params, limitMs })
    expect(reply).toEqual(answered)
    expect(server.requests.map(({ bytes }) => bytes)).toEqual([encodeRequest(params)])
    await server.requests[0]?.closed
  })

  test('byte by byte', async () => {
    const reply = await replyOf((socket) => {
      const send = (at: number) =>
        void (at < pong.length && socket.write(pong.subarray(at, at + 1), () => send(at + 1)))
      socket.setNoDelay()
      send(0)
    })
    expect(reply).toEqual(answered)
  })

  test('and closes at once, has answered', async () => {
    expect(await replyOf((socket) => socket.end(pong))).toEqual(answered)
  })

  test.each(loopbacks)('over TCP on %s', async (host) => {
    await using server = await serving({ host, port: 0 }, (socket) => socket.write(pong))
    expect(await requestFastCgi({ address: server.address, params, limitMs })).toEqual(answered)
  })

  test('takes its time in this order: connected, first byte, all of it', async () => {
    const reply = await replyOf((socket) => {
      socket.write(pong.subarray(0, 10), () => setTimeout(() => socket.write(pong.subarray(10)), 20))
    })
    if (reply.kind !== 'answered') throw new Error(reply.kind)
    const { connectMs, firstByteMs, tookMs } = reply
    expect([connectMs, firstByteMs, tookMs].toSorted((a, b) => a - b)).toEqual([connectMs, firstByteMs, tookMs])
  })
})

describe('a server that does not', () => {
  const garbage = 'HTTP/1.1 400 Bad Request\r\n\r\n'
  const closed = 'the connection was closed without an answer'

  test.each<{ how: string; serve: (socket: Socket) => void; says: string }>([
    {
      how: 'speaks HTTP',
      serve: (socket) => socket.write(garbage),
      says: 'answered with FastCGI version 72: this is not a FastCGI server',
    },
    { how: 'closes', serve: (socket) => socket.end(), says: closed },
    { how: 'closes half-way through', serve: (socket) => socket.end(out('X: y\r\n\r\nhalf')), says: closed },
    { how: 'closes within a record', serve: (socket) => socket.end(pong.subarray(0, -1)), says: closed },
    {
      how: 'has no room for the request',
      serve: (socket) => socket.write(end(2)),
      says: 'the request was refused with protocol status 2',
    },
    {
      how: 'never stops',
      serve: (socket) => {
        const more = () => void (socket.writable && socket.write(out('x'.repeat(0xffff)), more))
        more()
      },
      says: 'the answer is too big',
    },
  ])('because it $how, is broken', async ({ serve, says }) => {
    expect(await replyOf(serve)).toEqual({ kind: 'broken', says, tookMs: expect.any(Number) })
  })

  test('because it is killed, has reset the connection', async () => {
    await using server = await serving({ host: '127.0.0.1', port: 0 }, (socket) => socket.resetAndDestroy())
    const reply = await requestFastCgi({ address: server.address, params, limitMs })
    expect(reply).toEqual({ kind: 'broken', says: 'connection reset', tookMs: expect.any(Number) })
  })

  test.each<{ how: string; serve: (socket: Socket) => void }>([
    { how: 'says nothing', serve: () => undefined },
    { how: 'says all but the end', serve: (socket) => socket.write(pong.subarray(0, -1)) },
  ])('in time, because it $how, has timed out', async ({ serve }) => {
    const reply = await replyOf(serve, 1000)
    expect(reply).toEqual({ kind: 'timed-out', connectMs: expect.any(Number), tookMs: expect.any(Number) })
  })
})

describe('where there is no connection, the reply names the errno', () => {
  const refused = (address: SocketAddress) => requestFastCgi({ address, params, limitMs })
  const reply = (errno: string, says: unknown) => ({ kind: 'cannot-connect', errno, says, tookMs: expect.any(Number) })

  test('ENOENT: there is no socket', async () => {
    await using folder = await temporaryFolder()
    const address = `unix:${folder.at('fpm.sock')}` as const
    expect(await refused(address)).toEqual(reply('ENOENT', 'no such file or directory'))
  })

  test('ECONNREFUSED: nobody listens on the socket any more', async () => {
    await using folder = await temporaryFolder()
    const server = createServer().listen(folder.at('first'))
    await once(server, 'listening')
    await rename(folder.at('first'), folder.at('fpm.sock'))
    await new Promise((resolve) => server.close(resolve))
    expect(await refused(`unix:${folder.at('fpm.sock')}`)).toEqual(reply('ECONNREFUSED', 'connection refused'))
  })

  test('ECONNREFUSED: it is a file', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('fpm.sock'), '')
    expect(await refused(`unix:${folder.at('fpm.sock')}`)).toEqual(reply('ECONNREFUSED', 'connection refused'))
  })

  test('ECONNREFUSED: nobody listens on the port', async () => {
    const server = await serving({ host: '127.0.0.1', port: 0 }, () => undefined)
    await server[Symbol.asyncDispose]()
    expect(await refused(server.address)).toEqual(reply('ECONNREFUSED', 'connection refused'))
  })

  test('ERR_SOCKET_BAD_PORT: there can be no such port', async () => {
    expect(await refused('tcp:127.0.0.1:99999')).toEqual(reply('ERR_SOCKET_BAD_PORT', expect.stringContaining('65536')))
  })

  test('EINVAL: no socket can have so long a path', async () => {
    expect(await refused(`unix:/${'x'.repeat(200)}`)).toEqual(reply('EINVAL', expect.any(String)))
  })

  test('EAGAIN: nobody takes connections, and the queue is full', async () => {
    await using folder = await temporaryFolder()
    const path = folder.at('fpm.sock')
    const listen = `require('node:net').createServer().listen({ path: '${path}', backlog: 1 }, () => console.log('up'))`
    const master = spawn(process.execPath, ['--eval', listen], { stdio: ['ignore', 'pipe', 'ignore'] })
    await once(master.stdout, 'data')
    master.kill('SIGSTOP')
    const waiting: Socket[] = []
    try {
      // Each that gets in takes a place in the queue; the kernel allows a few.
      for (let full = false; !full;) {
        const socket = connect(path)
        waiting.push(socket)
        full = await once(socket, 'connect').then(
          () => false,
          () => true,
        )
      }
      expect(await refused(`unix:${path}`)).toEqual(reply('EAGAIN', 'the queue of the listener is full'))
    } finally {
      for (const socket of waiting) socket.destroy()
      master.kill('SIGKILL')
    }
  })
})
