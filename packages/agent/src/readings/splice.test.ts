import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applySplices } from './splice.ts'

test('replaces spans and leaves every other byte', () => {
  const done = applySplices('pm = dynamic\npm.max_children = 5\n', [{ start: 31, end: 32, text: '10' }])
  expect(done).toEqual({ ok: true, text: 'pm = dynamic\npm.max_children = 10\n' })
})

test('insertions at one place follow each other in the order given', () => {
  const done = applySplices('ab', [{ start: 1, end: 1, text: '1' }, { start: 1, end: 1, text: '2' }])
  expect(done).toEqual({ ok: true, text: 'a12b' })
})

test('the same splice given twice counts once', () => {
  const splice = { start: 0, end: 1, text: 'x' }
  expect(applySplices('ab', [splice, splice])).toEqual({ ok: true, text: 'xb' })
})

test('overlapping splices and splices outside the text are refused', () => {
  expect(applySplices('abcd', [{ start: 0, end: 2, text: 'x' }, { start: 1, end: 3, text: 'y' }])).toMatchObject({ ok: false })
  expect(applySplices('abcd', [{ start: 3, end: 9, text: 'x' }])).toMatchObject({ ok: false })
})

test('a splice changes exactly its span, whatever the text', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), fc.nat(), fc.string(), (text, a, b, inserted) => {
      const [start, end] = [a % (text.length + 1), b % (text.length + 1)].toSorted((x, y) => x - y) as [number, number]
      expect(applySplices(text, [{ start, end, text: inserted }])).toEqual({ ok: true, text: text.slice(0, start) + inserted + text.slice(end) })
    }),
  )
})
