import { once } from 'node:events'
import { createServer, type IncomingMessage, type RequestListener, type Server as HttpServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import { createServer as createRawServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { networkInterfaces } from 'node:os'
import type { TLSSocket } from 'node:tls'
import { describe, expect, test } from 'vitest'
import { throwAwayAuthority } from '../../test/throw-away-authority.ts'
import type { HttpProbe } from './host.ts'
import { probeHttp } from './http-probe.ts'

const hasIpv6 = networkInterfaces()['lo']?.some(({ address }) => address === '::1') ?? false
/** So long that only what never answers comes near it. */
const base = { address: '127.0.0.1', tls: false, serverName: 'shop.example', path: '/', limitMs: 60_000 }

async function listening(server: Server, host = '127.0.0.1') {
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => sockets.add(socket.on('error', () => undefined)))
  server.listen(0, host)
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

/** What a probe gets from a server that has read the head of its request and then does as it is told. */
async function replyOf(serve: (socket: Socket) => void, probe: Partial<HttpProbe> = {}) {
  const raw = createRawServer((socket) => {
    let head = ''
    socket.on('data', (chunk: Buffer) => {
      const wasWhole = head.includes('\r\n\r\n')
      head += chunk.toString('latin1')
      if (!wasWhole && head.includes('\r\n\r\n')) serve(socket)
    })
  })
  await using server = await listening(raw)
  return await probeHttp({ ...base, port: server.port, ...probe })
}

async function requestSeen(server: HttpServer, probe: Partial<HttpProbe>): Promise<IncomingMessage> {
  const requests: IncomingMessage[] = []
  server.on('request', ((request, response) => {
    requests.push(request)
    response.end()
  }) satisfies RequestListener)
  await using at = await listening(server)
  expect(await probeHttp({ ...base, port: at.port, ...probe })).toMatchObject({ kind: 'answered', status: 200 })
  expect(requests).toHaveLength(1)
  return requests[0]!
}

describe('a site that answers', () => {
  test.each([200, 204, 301, 404, 502, 599])('has answered with %i, which is followed nowhere', async (status) => {
    const server = createServer((_request, response) => response.writeHead(status, { location: '/elsewhere' }).end())
    await using at = await listening(server)
    const reply = await probeHttp({ ...base, port: at.port })
    expect(reply).toEqual({ kind: 'answered', status, tookMs: expect.any(Number) })
  })

  test('is asked as a visitor would, by its name', async () => {
    const { method, url, headers } = await requestSeen(createServer(), { path: '/a/b?c=d' })
    expect({ method, url, headers }).toEqual({
      method: 'GET',
      url: '/a/b?c=d',
      headers: { host: 'shop.example', 'user-agent': 'fleetmend-probe', connection: 'close' },
    })
  })

  test('has answered as soon as its headers are there; the rest is not waited for', async () => {
    const closed = Promise.withResolvers<void>()
    const server = createServer((request, response) => {
      request.socket.on('close', () => closed.resolve())
      response.writeHead(200, { 'content-length': 1_000_000 }).write('the first bytes')
    })
    await using at = await listening(server)
    const reply = await probeHttp({ ...base, port: at.port, limitMs: 60_000 })
    expect(reply).toMatchObject({ kind: 'answered', status: 200 })
    await closed.promise
  })

  test('may say first that it goes on', async () => {
    const reply = await replyOf((socket) => socket.write('HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 503 Busy\r\n\r\n'))
    expect(reply).toMatchObject({ kind: 'answered', status: 503 })
  })

  test.skipIf(!hasIpv6)('is found at [::1]', async () => {
    await using at = await listening(
      createServer((_request, response) => response.end()),
      '::1',
    )
    expect(await probeHttp({ ...base, address: '[::1]', port: at.port })).toMatchObject({ kind: 'answered' })
  })
})

describe('a site with TLS', () => {
  test.each([
    { serverName: 'shop.example', asked: 'shop.example', what: 'is asked for by its name' },
    { serverName: '_', asked: '_', what: 'may have a name that is none' },
    { serverName: '192.0.2.1', asked: false, what: 'that is called by an address is asked for without a name' },
  ])('$what, and its certificate need not be trusted', async ({ serverName, asked }) => {
    const { chain, key } = await (await throwAwayAuthority()).server([{ type: 'dns', value: 'another.example' }])
    const { headers, socket } = await requestSeen(createHttpsServer({ cert: chain, key }), { tls: true, serverName })
    expect(headers.host).toBe(serverName)
    expect((socket as TLSSocket).servername).toBe(asked)
  })

  test('that speaks none gives no answer', async () => {
    await using at = await listening(createServer((_request, response) => response.end()))
    expect(await probeHttp({ ...base, tls: true, port: at.port })).toMatchObject({ kind: 'no-answer' })
  })
})

describe('no answer', () => {
  test.each<{ how: string; serve: (socket: Socket) => void; says: string | RegExp }>([
    { how: 'closes', serve: (socket) => socket.end(), says: /^connection reset$/ },
    { how: 'resets', serve: (socket) => socket.resetAndDestroy(), says: /^connection reset$/ },
    {
      how: 'closes within the headers',
      serve: (socket) => socket.end('HTTP/1.1 200 OK\r\nX'),
      says: /^connection reset$/,
    },
    {
      how: 'talks of something else',
      serve: (socket) => socket.write('SSH-2.0-OpenSSH_9.2\r\n'),
      says: /^Parse Error: /,
    },
    {
      how: 'wants another protocol',
      serve: (socket) => socket.write('HTTP/1.1 101 Switching\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n'),
      says: /^the connection was closed without an answer$/,
    },
  ])('comes from a server that $how', async ({ serve, says }) => {
    const reply = await replyOf(serve)
    expect(reply).toEqual({ kind: 'no-answer', says: expect.stringMatching(says), tookMs: expect.any(Number) })
  })

  test.each<{ how: string; serve: (socket: Socket) => void }>([
    { how: 'says nothing', serve: () => undefined },
    { how: 'never ends its headers', serve: (socket) => socket.write('HTTP/1.1 200 OK\r\nX: y\r\n') },
  ])('comes in time from a server that $how', async ({ serve }) => {
    const says = 'none within 0.5 s'
    expect(await replyOf(serve, { limitMs: 500 })).toEqual({ kind: 'no-answer', says, tookMs: expect.any(Number) })
  })

  test('comes from a port where nobody listens', async () => {
    const at = await listening(createRawServer())
    await at[Symbol.asyncDispose]()
    const reply = await probeHttp({ ...base, port: at.port })
    expect(reply).toEqual({ kind: 'no-answer', says: 'connection refused', tookMs: expect.any(Number) })
  })

  test.each([
    { what: 'a port that cannot be', probe: { port: 99_999 } },
    { what: 'a name that no header can carry', probe: { serverName: 'shop\nexample' } },
    { what: 'a path that no request can carry', probe: { path: '/ж' } },
  ])('comes for $what, and is a value', async ({ probe }) => {
    const reply = await probeHttp({ ...base, port: 1, ...probe })
    expect(reply).toEqual({ kind: 'no-answer', says: expect.stringMatching(/\w/), tookMs: expect.any(Number) })
  })
})
