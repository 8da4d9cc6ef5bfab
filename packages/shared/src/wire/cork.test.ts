import { Duplex } from 'node:stream'
import { expect, test } from 'vitest'
import { PREAMBLE } from './frame-reader.ts'
import { streamChannel } from './stream-channel.ts'

test('the frames of one turn leave together, those of the next turn after them', async () => {
  const batches: number[] = []
  const stream = new Duplex({
    read() {},
    writev(chunks, done) {
      batches.push(chunks.length)
      done()
    },
  })
  const channel = streamChannel(stream)
  for (const frame of ['one', 'two', 'three']) channel.send(frame)
  expect(channel.queuedBytes).toBe(3 * 4 + 'onetwothree'.length)
  await new Promise((resolve) => setImmediate(resolve))
  channel.send('four')
  await new Promise((resolve) => setImmediate(resolve))
  expect(batches).toEqual([3, 1])
  expect(channel.flushedBytes).toBe(4 * 4 + 'onetwothreefour'.length)
})

test('a close in the same turn loses nothing', async () => {
  const written: Buffer[] = []
  const stream = new Duplex({
    read() {},
    write(chunk: Buffer, _encoding, done) {
      written.push(chunk)
      done()
    },
  })
  const channel = streamChannel(stream, { preamble: 'send' })
  channel.send('last')
  channel.close()
  await new Promise((resolve) => stream.once('finish', resolve))
  expect(Buffer.concat(written)).toEqual(Buffer.concat([PREAMBLE, Buffer.from('\0\0\0\x04last')]))
})
