import { once } from 'node:events'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { socketPair } from '../../test/lines.ts'
import { manualTimers } from '../../test/manual-timers.ts'
import { attach } from '../../test/peers.ts'
import { trial, type TrialRouter } from '../../test/trial-router.ts'
import { CLOSE_GRACE_MS, type Channel } from './channel.ts'
import { clientOver } from './client-over.ts'
import { PREAMBLE } from './frame-reader.ts'
import { Peer } from './peer.ts'
import { streamChannel } from './stream-channel.ts'

interface Heard {
  readonly frames: string[]
  readonly garbled: string[]
  readonly closed: Promise<Error | undefined>
}

function listenTo(channel: Channel): Heard {
  const frames: string[] = []
  const garbled: string[] = []
  const closed = Promise.withResolvers<Error | undefined>()
  channel.listen({
    message: (frame) => frames.push(frame),
    garbled: (says) => garbled.push(says),
    close: (error) => closed.resolve(error),
  })
  return { frames, garbled, closed: closed.promise }
}

test('what was sent before an orderly close still arrives', async () => {
  await using pair = await socketPair()
  const left = streamChannel(pair.left)
  const right = listenTo(streamChannel(pair.right))
  const heardLeft = listenTo(left)
  const big = 'x'.repeat(3_000_000)
  left.send(big)
  left.send('last')
  left.close()
  left.send('too late')
  await expect(right.closed).resolves.toBeUndefined()
  await expect(heardLeft.closed).resolves.toBeUndefined()
  expect(right.frames).toEqual([big, 'last'])
})

test('an orderly close of a line that is stuck is cut after a short while', async () => {
  await using pair = await socketPair()
  const timers = manualTimers()
  const left = streamChannel(pair.left, { timers })
  const heard = listenTo(left)
  pair.right.pause()
  for (let n = 0; n < 4; n++) left.send('x'.repeat(4_000_000))
  left.close()
  await timers.pass(CLOSE_GRACE_MS - 1)
  expect(pair.left.destroyed).toBe(false)
  await timers.pass(1)
  await expect(heard.closed).resolves.toBeUndefined()
  expect(pair.left.destroyed).toBe(true)
})

test('a stream that ends inside a frame did not end in order', async () => {
  await using pair = await socketPair()
  const heard = listenTo(streamChannel(pair.left))
  pair.right.end(Buffer.from([0, 0, 0, 9, 0x7b]))
  await expect(heard.closed).resolves.toMatchObject({ message: 'The stream ended in the middle of a frame.' })
})

test('a stream that fails says what it failed with, once', async () => {
  await using pair = await socketPair()
  const channel = streamChannel(pair.left)
  const heard = listenTo(channel)
  pair.left.destroy(new Error('ECONNRESET'))
  await expect(heard.closed).resolves.toMatchObject({ message: 'ECONNRESET' })
  expect(channel.open).toBe(false)
  channel.send('dropped')
  expect(channel.pressure()).toBeNull()
})

test('who listens after the end hears of it, and a second listener is a bug', async () => {
  await using pair = await socketPair()
  const channel = streamChannel(pair.left)
  pair.left.destroy()
  await once(pair.left, 'close')
  await expect(listenTo(channel).closed).resolves.toBeUndefined()
  expect(() => listenTo(channel)).toThrow(TypeError)
})

describe('with a preamble', () => {
  test('calls work behind a chatty shell, in both directions', async () => {
    await using pair = await socketPair()
    pair.right.write('Last login: Sat Nov 21 on pts/0\r\nYou have mail.\r\n')
    attach(streamChannel(pair.right, { preamble: 'send' }), { router: trial().router })
    const caller = new Peer(streamChannel(pair.left, { preamble: 'expect' }))
    const client = clientOver<TrialRouter>(caller)
    await expect(client.echo.query('hello')).resolves.toBe('hello')
  })

  test('nothing is written to what has not said that it is an agent', async () => {
    await using pair = await socketPair()
    const received: Buffer[] = []
    pair.right.on('data', (chunk: Buffer) => received.push(chunk))
    const channel = streamChannel(pair.left, { preamble: 'expect' })
    const heard = listenTo(channel)
    channel.send('{"id":1,"method":"query","params":{"path":"hello"}}')
    expect(channel.queuedBytes).toBe(55)
    expect(channel.flushedBytes).toBe(0)
    pair.right.write('$ ')
    await once(pair.left, 'data')
    expect(pair.left.bytesWritten).toBe(0)
    pair.right.write(PREAMBLE)
    await once(pair.right, 'data')
    expect(Buffer.concat(received)).toHaveLength(55)
    expect(heard.garbled).toEqual([])
  })

  test('a program that is not there ends the call with what the shell said', async () => {
    await using pair = await socketPair()
    const caller = new Peer(streamChannel(pair.left, { preamble: 'expect' }))
    pair.right.end('sh: 1: fleetmend-agent: not found\n')
    await expect(caller.ended).resolves.toMatchObject({
      by: 'network',
      problem: {
        code: 'unreachable',
        detail:
          'The connection failed: The stream ended before an agent answered; the other side said: sh: 1: fleetmend-agent: not found.',
      },
    })
  })

  test('what talks on and on is left without a word', async () => {
    await using pair = await socketPair()
    const received: Buffer[] = []
    pair.right.on('data', (chunk: Buffer) => received.push(chunk))
    const caller = new Peer(streamChannel(pair.left, { preamble: 'expect' }))
    pair.right.write('x'.repeat(80_000))
    await expect(caller.ended).resolves.toMatchObject({
      by: 'network',
      problem: { detail: expect.stringContaining('no agent answered in the first 64 KiB; the other side said: xxx') },
    })
    expect(received).toEqual([])
  })
})

test('whatever bytes arrive, a peer neither crashes nor hangs, and the next connection is served', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.oneof(
        fc.uint8Array({ maxLength: 200 }),
        // Framed, so that it gets as far as the parser.
        fc.oneof(fc.string(), fc.json(), fc.constantFrom('PING', 'PONG')).map(framed),
      ),
      async (bytes) => {
        await using pair = await socketPair()
        const peer = new Peer(streamChannel(pair.right), { router: trial().router })
        pair.left.resume()
        pair.left.end(bytes)
        expect((await peer.ended).by).toMatch(/us|them|network/)
      },
    ),
    { numRuns: 60 },
  )
  await using pair = await socketPair()
  attach(streamChannel(pair.right), { router: trial().router })
  const client = clientOver<TrialRouter>(new Peer(streamChannel(pair.left)))
  await expect(client.echo.query(1)).resolves.toBe(1)
})

function framed(text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(4)
  header.writeUInt32BE(body.length)
  return Buffer.concat([header, body])
}
