import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { frameReader, PREAMBLE, type FrameReader } from './frame-reader.ts'

interface Reading {
  readonly reader: FrameReader
  readonly frames: string[]
  readonly garbled: string[]
  readonly preambles: number[]
}

function reading(options: { maxFrameBytes?: number; expectPreamble?: boolean } = {}): Reading {
  const frames: string[] = []
  const garbled: string[] = []
  const preambles: number[] = []
  const reader = frameReader({
    maxFrameBytes: options.maxFrameBytes ?? 1000,
    expectPreamble: options.expectPreamble ?? false,
    onPreamble: () => preambles.push(frames.length),
    onFrame: (frame) => frames.push(frame),
    onGarbled: (says) => garbled.push(says),
  })
  return { reader, frames, garbled, preambles }
}

function framed(text: string): Buffer {
  const body = Buffer.from(text)
  const header = Buffer.alloc(4)
  header.writeUInt32BE(body.length)
  return Buffer.concat([header, body])
}

/** The bytes in pieces, cut where the numbers say. */
function pieces(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].toSorted((a, b) => a - b)
  return [...at, bytes.length].map((end, n) => Buffer.from(bytes.subarray(at[n - 1] ?? 0, end)))
}

const frame = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
const cuts = fc.array(fc.nat(), { maxLength: 20 })

test('frames come out as they went in, however the bytes are cut', () => {
  fc.assert(
    fc.property(fc.array(frame), cuts, (texts, cuts) => {
      const { reader, frames, garbled } = reading()
      for (const piece of pieces(Buffer.concat(texts.map(framed)), cuts)) reader.push(piece)
      expect(frames).toEqual(texts)
      expect(garbled).toEqual([])
      expect(reader.unfinished()).toBeNull()
    }),
  )
})

test('frames come out one byte at a time, too', () => {
  const { reader, frames } = reading({ maxFrameBytes: 100_000 })
  const texts = ['{"a":1}', 'x'.repeat(70_000), 'Grüße']
  for (const byte of Buffer.concat(texts.map(framed))) reader.push(Buffer.from([byte]))
  expect(frames).toEqual(texts)
})

test('a reused receive buffer does not change a frame that is not complete yet', () => {
  const { reader, frames } = reading()
  const bytes = framed('hello')
  const chunk = Buffer.from(bytes.subarray(0, 6))
  reader.push(chunk)
  chunk.fill(0)
  reader.push(bytes.subarray(6))
  expect(frames).toEqual(['hello'])
})

test.each([
  { name: 'an empty frame', bytes: Buffer.from([0, 0, 0, 0]), says: 'a frame is empty' },
  {
    name: 'a frame that is too big, before its body is there',
    bytes: Buffer.from([0, 0, 3, 233]),
    says: 'a frame has 1001 bytes, more than the 1000 allowed',
  },
  {
    name: 'what is no framing at all',
    bytes: Buffer.from('HTTP/1.1 400 Bad Request\r\n'),
    says: 'a frame has 1213486160 bytes, more than the 1000 allowed',
  },
  { name: 'text that is not UTF-8', bytes: Buffer.from([0, 0, 0, 1, 0xff]), says: 'a frame is not UTF-8' },
  { name: 'a surrogate in UTF-8', bytes: Buffer.from([0, 0, 0, 3, 0xed, 0xa0, 0x80]), says: 'a frame is not UTF-8' },
])('$name is refused once, and nothing after it is read', ({ bytes, says }) => {
  const { reader, frames, garbled } = reading()
  reader.push(framed('before'))
  reader.push(bytes)
  reader.push(framed('after'))
  expect({ frames, garbled }).toEqual({ frames: ['before'], garbled: [says] })
})

test('any bytes in any pieces are read without an exception, and refused at most once', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), cuts, fc.boolean(), (bytes, cuts, expectPreamble) => {
      const { reader, garbled } = reading({ expectPreamble })
      for (const piece of pieces(Buffer.from(bytes), cuts)) reader.push(piece)
      reader.unfinished()
      expect(garbled.length).toBeLessThanOrEqual(1)
    }),
  )
})

test('a stream that ends inside a frame says so', () => {
  const { reader } = reading()
  reader.push(framed('whole'))
  reader.push(framed('half').subarray(0, 6))
  expect(reader.unfinished()).toBe('ended in the middle of a frame')
})

describe('with a preamble', () => {
  const noise = fc.uint8Array({ maxLength: 200 }).map((bytes) => Buffer.from(bytes.filter((byte) => byte !== 0)))

  test('noise before it is skipped, however the bytes are cut', () => {
    fc.assert(
      fc.property(noise, fc.array(frame), cuts, (noise, texts, cuts) => {
        const { reader, frames, garbled, preambles } = reading({ expectPreamble: true })
        const bytes = Buffer.concat([noise, PREAMBLE, ...texts.map(framed)])
        for (const piece of pieces(bytes, cuts)) reader.push(piece)
        expect({ frames, garbled, preambles }).toEqual({ frames: texts, garbled: [], preambles: [0] })
      }),
    )
  })

  test.each([
    { noiseBytes: 64 * 1024, found: 1 },
    { noiseBytes: 64 * 1024 + 1, found: 0 },
  ])('$noiseBytes bytes of noise', ({ noiseBytes, found }) => {
    for (const atOnce of [true, false]) {
      const { reader, garbled, preambles } = reading({ expectPreamble: true })
      const bytes = Buffer.concat([Buffer.alloc(noiseBytes, 'x'), PREAMBLE])
      if (atOnce) reader.push(bytes)
      else for (let at = 0; at < bytes.length; at += 1000) reader.push(bytes.subarray(at, at + 1000))
      expect(preambles).toHaveLength(found)
      expect(garbled).toHaveLength(1 - found)
    }
  })

  test('where no agent is, what was said instead is repeated in plain characters', () => {
    const { reader } = reading({ expectPreamble: true })
    reader.push(Buffer.from('\u001b[31msh: 1: fleetmend-agent: not found\u001b[0m\r\n'))
    expect(reader.unfinished()).toBe(
      'ended before an agent answered; the other side said: [31msh: 1: fleetmend-agent: not found [0m',
    )
  })

  test('silence is told as silence', () => {
    expect(reading({ expectPreamble: true }).reader.unfinished()).toBe('ended before an agent answered')
  })
})
