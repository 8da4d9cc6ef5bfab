import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeAnswer, encodeRequest, readCgiResponse, type Answer } from './fastcgi-records.ts'

/** A record as a server writes it: version, type, request, lengths of content and padding, one reserved byte. */
function record(type: number, content: Buffer | string, padding = 0): Buffer {
  const bytes = Buffer.from(content)
  const header = Buffer.from([1, type, 0, 1, bytes.length >> 8, bytes.length & 0xff, padding, 0])
  return Buffer.concat([header, bytes, Buffer.alloc(padding, 0xee)])
}

const out = (text: string, padding?: number) => record(6, text, padding)
const err = (text: string, padding?: number) => record(7, text, padding)
const end = (appStatus = 0, protocolStatus = 0) =>
  record(3, Buffer.from([0, 0, appStatus >> 8, appStatus & 0xff, protocolStatus, 0, 0, 0]))

function answerOf(...records: readonly Buffer[]): Answer {
  const decoded = decodeAnswer(Buffer.concat(records))
  if (!decoded.ok) throw new Error(decoded.says)
  return decoded.answer
}

/** The records of a request, read by the letter of the specification. */
function recordsOf(bytes: Buffer): readonly { readonly type: number; readonly content: Buffer }[] {
  if (bytes.length === 0) return []
  const length = bytes.readUInt16BE(4)
  const next = 8 + length + bytes.readUInt8(6)
  expect([bytes[0], bytes.readUInt16BE(2)]).toEqual([1, 1])
  expect(next).toBeLessThanOrEqual(bytes.length)
  return [{ type: bytes.readUInt8(1), content: bytes.subarray(8, 8 + length) }, ...recordsOf(bytes.subarray(next))]
}

function pairsOf(bytes: Buffer): readonly (readonly [string, string])[] {
  const pairs: [string, string][] = []
  let at = 0
  const length = () => {
    const isLong = (bytes.readUInt8(at) & 0x80) !== 0
    const value = isLong ? bytes.readUInt32BE(at) - 0x80000000 : bytes.readUInt8(at)
    at += isLong ? 4 : 1
    return value
  }
  while (at < bytes.length) {
    const [name, value] = [length(), length()]
    pairs.push([bytes.toString('utf8', at, at + name), bytes.toString('utf8', at + name, at + name + value)])
    at += name + value
  }
  return pairs
}

function parametersOf(request: Buffer): readonly (readonly [string, string])[] {
  return pairsOf(Buffer.concat(recordsOf(request).flatMap(({ type, content }) => (type === 4 ? [content] : []))))
}

describe('a request', () => {
  test('is these bytes', () => {
    const hex = [
      '01 01 0001 0008 00 00  0001 00 0000000000', // begin: responder, the connection is not kept
      '01 04 0001 0004 00 00  01 01 41 62', // A=b
      '01 04 0001 0000 00 00', // no more parameters
      '01 05 0001 0000 00 00', // no body
    ]
    expect(encodeRequest({ A: 'b' }).toString('hex')).toBe(hex.join('').replaceAll(' ', ''))
  })

  test.each([0, 1, 127, 128, 70_000])('carries a value of %i bytes', (length) => {
    const value = 'v'.repeat(length)
    expect(parametersOf(encodeRequest({ SHORT: 'x', LONG: value }))).toEqual([
      ['SHORT', 'x'],
      ['LONG', value],
    ])
  })

  test('ends its parameters and its body with an empty record each, however many records there are', () => {
    const records = recordsOf(encodeRequest({ A: 'x'.repeat(140_000) }))
    expect(records.map(({ type }) => type)).toEqual([1, 4, 4, 4, 4, 5])
    expect(records.slice(-2).map(({ content }) => content.length)).toEqual([0, 0])
  })

  test('counts bytes, not characters; any parameters arrive as they were', () => {
    const name = fc.string({ unit: 'grapheme', maxLength: 200 }).filter((text) => text !== '__proto__')
    fc.assert(
      fc.property(fc.dictionary(name, fc.string({ unit: 'grapheme', maxLength: 300 })), (parameters) => {
        expect(parametersOf(encodeRequest(parameters))).toEqual(Object.entries(parameters))
      }),
    )
  })
})

describe('an answer', () => {
  const whole = [
    out('Status: 404 Not', 3),
    err('Primary '),
    out(' Found\r\n\r\n'),
    err('script unknown', 2),
    out('gone'),
  ]

  test('is put together from its records, their padding left out', () => {
    const { stdout, stderr, ended } = answerOf(...whole, end(0x0107, 0))
    expect(stdout.toString()).toBe('Status: 404 Not Found\r\n\r\ngone')
    expect(stderr.toString()).toBe('Primary script unknown')
    expect(ended).toEqual({ appStatus: 0x0107, protocolStatus: 0 })
  })

  test('has not ended as long as one byte is missing, and holds whole records only', () => {
    const bytes = Buffer.concat([...whole, end()])
    const lengths = new Set<number>()
    for (let length = 0; length < bytes.length; length++) {
      const { stdout, ended } = answerOf(bytes.subarray(0, length))
      expect(ended, `${length} bytes`).toBeNull()
      lengths.add(stdout.length)
    }
    expect([...lengths]).toEqual([0, 15, 25, 29])
  })

  test('is over with its end, whatever follows', () => {
    expect(answerOf(out('one'), end(), out('two'), Buffer.from('garbage')).stdout.toString()).toBe('one')
  })

  test('may be as long as a record can be', () => {
    expect(answerOf(out('x'.repeat(0xffff), 255), end())).toMatchObject({ ended: { appStatus: 0 } })
  })

  test.each([
    { what: 'HTTP', bytes: Buffer.from('HTTP/1.1 400 Bad Request'), says: 'answered with FastCGI version 72: this is' },
    { what: 'another version', bytes: Buffer.from([2, 6, 0, 1, 0, 0, 0, 0]), says: 'answered with FastCGI version 2' },
    { what: 'an unknown type', bytes: record(11, Buffer.alloc(8)), says: 'answered with a record of type 11' },
    { what: 'a record of requests', bytes: record(4, ''), says: 'answered with a record of type 4' },
    { what: 'an end that is too short', bytes: record(3, Buffer.alloc(4)), says: 'answered with a record of type 3' },
    {
      what: 'garbage after records',
      bytes: Buffer.concat([out('fine'), Buffer.from('<html>!!')]),
      says: 'answered with FastCGI version 60',
    },
  ])('of $what is none', ({ bytes, says }) => {
    expect(decodeAnswer(bytes)).toEqual({ ok: false, says: expect.stringContaining(says) })
  })
})

describe('a CGI response', () => {
  test.each([
    { text: 'Content-Type: text/plain\r\n\r\npong', status: 200, body: 'pong', because: 'FPM says no status for 200' },
    {
      text: 'Status: 404 Not Found\r\n\r\nFile not found.\n',
      status: 404,
      body: 'File not found.\n',
      because: 'it says',
    },
    { text: 'STATUS:503\n\nbusy', status: 503, body: 'busy', because: 'neither case nor carriage returns matter' },
    { text: 'Status: none\r\n\r\n', status: 200, body: '', because: 'it says nothing that is a number' },
    { text: 'Status: 500', status: 500, body: '', because: 'headers may be all there is' },
    { text: 'X: 1\r\n\r\na\r\n\r\nb', status: 200, body: 'a\r\n\r\nb', because: 'the first blank line counts' },
    { text: '', status: 200, body: '', because: 'there is nothing' },
  ])('$text is $status: $because', ({ text, status, body }) => {
    expect(readCgiResponse(Buffer.from(text))).toMatchObject({ status, body })
  })

  test('has its headers in lower case and without blanks around them, its body as UTF-8', () => {
    const text = 'X-Powered-By:  PHP/8.2 \r\nLocation: http://a:80/\r\nno header\r\n: nameless\r\n\r\nгод'
    expect(readCgiResponse(Buffer.from(text))).toEqual({
      status: 200,
      headers: { 'x-powered-by': 'PHP/8.2', location: 'http://a:80/' },
      body: 'год',
    })
  })
})
