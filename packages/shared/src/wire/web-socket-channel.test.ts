import { once } from 'node:events'
import type { IncomingMessage } from 'node:http'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { WebSocket } from 'ws'
import { webSocketServer } from '../../test/lines.ts'
import { manualTimers } from '../../test/manual-timers.ts'
import { trial } from '../../test/trial-router.ts'
import { CLOSE_GRACE_MS } from './channel.ts'
import { Peer } from './peer.ts'
import { webSocketChannel } from './web-socket-channel.ts'

/** A raw client and the server's end of its connection. */
async function webSocketPair() {
  const serving = await webSocketServer()
  const left = new WebSocket(serving.url, { perMessageDeflate: false })
  const [[right, request], [response]] = (await Promise.all([
    once(serving.server, 'connection'),
    once(left, 'upgrade'),
    once(left, 'open'),
  ])) as [[WebSocket, IncomingMessage], [IncomingMessage], unknown]
  left.on('error', () => {})
  return {
    left,
    right,
    socket: request.socket,
    clientSocket: response.socket,
    async [Symbol.asyncDispose]() {
      left.terminate()
      await serving[Symbol.asyncDispose]()
    },
  }
}

test('a binary message is refused with a reason', async () => {
  await using pair = await webSocketPair()
  const peer = new Peer(webSocketChannel(pair.right))
  pair.left.send(Buffer.from('PING'))
  const [text] = await once(pair.left, 'message')
  expect(JSON.parse(String(text))).toMatchObject({ id: null, error: { message: expect.stringContaining('binary') } })
  await expect(peer.ended).resolves.toMatchObject({ by: 'us', problem: { code: 'malformed-frame' } })
})

test('a message beyond the limit of the WebSocket itself ends the connection with its close code', async () => {
  await using pair = await webSocketPair()
  const server = new Peer(webSocketChannel(pair.right))
  const client = new Peer(webSocketChannel(pair.left))
  pair.left.send('x'.repeat(4 * 1024 * 1024 + 1))
  await expect(server.ended).resolves.toMatchObject({ by: 'network', problem: { code: 'unreachable' } })
  await expect(client.ended).resolves.toMatchObject({
    by: 'network',
    problem: { detail: 'The connection failed: The WebSocket was closed with code 1009.' },
  })
})

test.each([{ code: 1000 }, { code: 1001 }, { code: undefined }])(
  'close code $code is an end in order',
  async ({ code }) => {
    await using pair = await webSocketPair()
    const peer = new Peer(webSocketChannel(pair.right))
    pair.left.close(code)
    await expect(peer.ended).resolves.toEqual({ by: 'them', problem: null })
  },
)

test('a broken WebSocket frame ends the connection and nothing else', async () => {
  await using pair = await webSocketPair()
  const peer = new Peer(webSocketChannel(pair.right))
  pair.clientSocket.write(Buffer.from([0xff, 0xff]))
  await expect(peer.ended).resolves.toMatchObject({ by: 'network' })
})

test('an orderly close of a line whose other end is silent is cut after a short while', async () => {
  await using pair = await webSocketPair()
  const timers = manualTimers()
  const peer = new Peer(webSocketChannel(pair.right, { timers }))
  pair.left.pause()
  const closed = once(pair.right, 'close')
  peer.close()
  await timers.pass(CLOSE_GRACE_MS - 1)
  expect(pair.right.readyState).toBe(WebSocket.CLOSING)
  await timers.pass(1)
  await closed
})

test('with the socket underneath, bytes of an unfinished message count as received', async () => {
  await using pair = await webSocketPair()
  const channel = webSocketChannel(pair.right, { socket: pair.socket })
  const before = channel.receivedBytes
  pair.left.send('part one', { fin: false })
  // A ping comes behind the fragment: when it has arrived, so has that.
  pair.left.ping()
  await once(pair.right, 'ping')
  expect(channel.receivedBytes).toBeGreaterThan(before + 'part one'.length)
})

test('a WebSocket that is closed already is heard as closed', async () => {
  await using pair = await webSocketPair()
  const channel = webSocketChannel(pair.right)
  pair.left.terminate()
  await once(pair.right, 'close')
  const peer = new Peer(channel)
  await expect(peer.ended).resolves.toMatchObject({ by: 'network' })
})

test('whatever text arrives, a peer either goes on or says why not', async () => {
  await using serving = await webSocketServer()
  serving.server.on('connection', (ws) => new Peer(webSocketChannel(ws), { router: trial().router }))
  await fc.assert(
    fc.asyncProperty(fc.oneof(fc.string(), fc.json()), async (text) => {
      const ws = new WebSocket(serving.url)
      await once(ws, 'open')
      ws.send(text)
      ws.send('PING')
      const [answer] = await once(ws, 'message')
      expect(String(answer)).toMatch(/^PONG$|^\{"id":null,"error"/)
      ws.terminate()
    }),
    { numRuns: 40 },
  )
})
