import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { errorFrame, fitsFrame, readFrames, requestFrame, resultFrame, stopFrame } from './frames.ts'

const error = { code: -32603, message: 'broke', data: { code: 'INTERNAL_SERVER_ERROR' } } as const

describe('frames that stock tRPC sends', () => {
  test.each([
    {
      name: 'a query',
      text: '{"id":1,"method":"query","params":{"path":"diagnose","input":{"site":"a"}}}',
      frame: { kind: 'request', id: 1, type: 'query', path: 'diagnose', input: { site: 'a' } },
    },
    {
      name: 'a mutation with JSON-RPC version and without input',
      text: '{"id":2,"jsonrpc":"2.0","method":"mutation","params":{"path":"remediate.apply"}}',
      frame: { kind: 'request', id: 2, type: 'mutation', path: 'remediate.apply', input: undefined },
    },
    {
      name: 'a subscription that resumes: the last event id goes into its input',
      text: '{"id":3,"method":"subscription","params":{"path":"watch","input":{"apply":"a"},"lastEventId":"7"}}',
      frame: { kind: 'request', id: 3, type: 'subscription', path: 'watch', input: { apply: 'a', lastEventId: '7' } },
    },
    {
      name: 'one that resumes without an input',
      text: '{"id":3,"method":"subscription","params":{"path":"watch","lastEventId":"7"}}',
      frame: { kind: 'request', id: 3, type: 'subscription', path: 'watch', input: { lastEventId: '7' } },
    },
    { name: 'a stop', text: '{"id":3,"method":"subscription.stop"}', frame: { kind: 'stop', id: 3 } },
    {
      name: 'data, which need not say that it is',
      text: '{"id":1,"result":{"data":[1]}}',
      frame: { kind: 'result', id: 1, result: { type: 'data', data: [1] } },
    },
    {
      name: 'a tracked event',
      text: '{"id":"relay:1","result":{"type":"data","id":"7","data":{"id":"7","data":1}}}',
      frame: { kind: 'result', id: 'relay:1', result: { type: 'data', id: '7', data: { id: '7', data: 1 } } },
    },
    {
      name: 'the start of a subscription',
      text: '{"id":1,"result":{"type":"started"}}',
      frame: { kind: 'result', id: 1, result: { type: 'started' } },
    },
    { name: 'an error', text: JSON.stringify({ id: 1, error }), frame: { kind: 'error', id: 1, error } },
    {
      name: 'an error that answers no call',
      text: JSON.stringify({ id: null, error }),
      frame: { kind: 'goodbye', error },
    },
  ])('$name', ({ text, frame }) => {
    expect(readFrames(text)).toEqual({ ok: true, value: [frame] })
  })

  test('a batch', () => {
    expect(readFrames(`[${stopFrame(1)},${stopFrame(2)}]`)).toEqual({
      ok: true,
      value: [
        { kind: 'stop', id: 1 },
        { kind: 'stop', id: 2 },
      ],
    })
  })
})

test.each([
  { text: '', says: 'a frame is not JSON' },
  { text: 'PING ', says: 'a frame is not JSON' },
  { text: '1', says: 'a frame is not an object' },
  { text: 'null', says: 'a frame is not an object' },
  { text: '[]', says: 'a batch is empty' },
  { text: '[[{"id":1,"method":"subscription.stop"}]]', says: 'a frame is not an object' },
  { text: `[${stopFrame(1)},7]`, says: 'a frame is not an object' },
  { text: '{}', says: 'a frame is neither a request nor a response' },
  { text: '{"id":1}', says: 'a frame is neither a request nor a response' },
  { text: '{"id":1,"jsonrpc":"1.0","result":{}}', says: 'a frame is of another JSON-RPC version' },
  { text: '{"id":1,"method":"subscription.stop","result":{}}', says: 'a frame is both a request and a response' },
  { text: '{"id":null,"method":"query","params":{"path":"a"}}', says: 'a request has no usable id' },
  { text: '{"method":"query","params":{"path":"a"}}', says: 'a request has no usable id' },
  { text: '{"id":1.5,"method":"query","params":{"path":"a"}}', says: 'a request has no usable id' },
  { text: `{"id":"${'x'.repeat(600)}","method":"subscription.stop"}`, says: 'a request has no usable id' },
  { text: '{"id":1,"method":"connectionParams","data":{}}', says: 'a request has an unknown method' },
  { text: '{"id":1,"method":"query"}', says: 'a request has no params' },
  { text: '{"id":1,"method":"query","params":[]}', says: 'a request has no params' },
  { text: '{"id":1,"method":"query","params":{"path":1}}', says: 'a request has no usable path' },
  {
    text: '{"id":1,"method":"query","params":{"path":"a","lastEventId":1}}',
    says: 'the last event id of a request is not a string',
  },
  { text: '{"result":{"data":1}}', says: 'a response has no usable id' },
  { text: '{"id":1,"result":{"type":"data","id":7}}', says: 'the event id of a result is not a string' },
  { text: '{"id":1,"result":{"type":"paused"}}', says: 'a result has an unknown type' },
  { text: '{"id":1,"error":"broke"}', says: 'a response has an unreadable error' },
  { text: `{"id":1,"result":{},"error":${JSON.stringify(error)}}`, says: 'a response has both a result and an error' },
  { text: JSON.stringify({ error }), says: 'a response has no usable id' },
])('refuses $text because $says', ({ text, says }) => {
  expect(readFrames(text)).toEqual({ ok: false, says })
})

const id = fc.oneof(fc.maxSafeInteger(), fc.string({ maxLength: 100 }))
const type = fc.constantFrom('query', 'mutation', 'subscription')

test('what one side writes the other reads', () => {
  fc.assert(
    fc.property(
      id,
      type,
      fc.string({ maxLength: 100 }),
      fc.jsonValue(),
      fc.string(),
      (id, type, path, value, event) => {
        // As JSON carries it: minus zero arrives as zero.
        const input: unknown = JSON.parse(JSON.stringify(value))
        const frames = [
          { text: requestFrame(id, type, path, value), frame: { kind: 'request', id, type, path, input } },
          { text: stopFrame(id), frame: { kind: 'stop', id } },
          {
            text: resultFrame(id, { type: 'data', data: value, id: event }),
            frame: { kind: 'result', id, result: { type: 'data', data: input, id: event } },
          },
          { text: errorFrame(id, error), frame: { kind: 'error', id, error } },
        ]
        for (const { text, frame } of frames) expect(readFrames(text)).toEqual({ ok: true, value: [frame] })
      },
    ),
  )
})

test('any text is either frames or a reason, never an exception', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.json(),
        fc.jsonValue().map((value) => JSON.stringify({ id: 1, result: value })),
      ),
      (text) => {
        const read = readFrames(text)
        expect(read.ok ? read.value.length : read.says).toBeTruthy()
      },
    ),
  )
})

test('whether a frame fits is counted in bytes of UTF-8', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme' }), fc.nat(60), (text, max) => {
      expect(fitsFrame(text, max)).toBe(Buffer.byteLength(text) <= max)
    }),
  )
})
