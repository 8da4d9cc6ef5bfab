import { expect, test } from 'vitest'
import { resultFrame } from '../wire/frames.ts'
import { MAX_FRAME_BYTES } from '../wire/channel.ts'
import { inParts, joined } from './long-answer.ts'

test.each([
  { what: 'nothing', value: null },
  { what: 'something short', value: { run: 'r-1' } },
  {
    what: 'more than a frame takes',
    value: Array.from({ length: 20_000 }, (_, n) => ({ host: `web-${n}`, says: 'é'.repeat(200) })),
  },
])('$what comes together again', ({ value }) => {
  expect(joined([...inParts(value)])).toEqual(value)
})

test('no part is too long for a frame, whatever has to be escaped in it', () => {
  const sizes = [...inParts('\u0000'.repeat(1024 * 1024))].map((data) =>
    Buffer.byteLength(resultFrame(1, { type: 'data', data })),
  )
  expect(Math.max(...sizes)).toBeLessThan(MAX_FRAME_BYTES)
})

test('what was cut off is not taken for all', () => {
  const parts = [...inParts('x'.repeat(1024 * 1024))]
  expect(joined(parts.slice(0, -1))).toBeNull()
  expect(joined([])).toBeNull()
})
