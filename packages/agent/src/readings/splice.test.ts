import fc from 'fast-check'
import { expect, test } from 'vitest'
import { applySplices, type Splice } from './splice.ts'

test('splices are made against the same text, whatever their order', () => {
  const splices = [
    { start: 9, end: 10, text: '12' },
    { start: 0, end: 2, text: 'PM' },
  ]
  expect(applySplices('pm.max = 5', splices)).toEqual({ ok: true, text: 'PM.max = 12' })
  expect(applySplices('pm.max = 5', splices.toReversed())).toEqual({ ok: true, text: 'PM.max = 12' })
})

test('insertions at one place follow each other in the order given', () => {
  const at = (text: string) => ({ start: 2, end: 2, text })
  expect(applySplices('abcd', [at('1'), at('2'), at('3')])).toEqual({ ok: true, text: 'ab123cd' })
})

test('the same splice twice counts once', () => {
  const splice = { start: 1, end: 2, text: 'X' }
  expect(applySplices('abc', [splice, { ...splice }])).toEqual({ ok: true, text: 'aXc' })
})

test.each([
  [
    'overlap',
    [
      { start: 0, end: 2, text: 'x' },
      { start: 1, end: 3, text: 'y' },
    ],
    'two edits meet at byte 1',
  ],
  [
    'replace the same by different text',
    [
      { start: 0, end: 2, text: 'x' },
      { start: 0, end: 2, text: 'y' },
    ],
    'two edits meet at byte 0',
  ],
])('two that %s are refused', (_, splices, says) => {
  expect(applySplices('abcd', splices)).toEqual({ ok: false, says })
})

test.each([
  { start: 2, end: 9, text: '' },
  { start: 3, end: 2, text: '' },
  { start: 9, end: 9, text: '' },
])('a splice outside the text is refused: $start-$end', (splice) => {
  expect(applySplices('abcd', [splice])).toMatchObject({ ok: false, says: expect.stringContaining('outside the file') })
})

/** A text cut into pieces, some of them replaced. */
const cut = fc.array(fc.record({ kept: fc.string({ unit: 'binary' }), old: fc.string(), new: fc.string() }), {
  maxLength: 6,
})

function splicesOf(
  pieces: readonly { readonly kept: string; readonly old: string; readonly new: string }[],
): readonly Splice[] {
  let at = 0
  return pieces.map((piece) => {
    const start = at + piece.kept.length
    at = start + piece.old.length
    return { start, end: at, text: piece.new }
  })
}

test('every byte outside the splices stays, and every splice is in its place', () => {
  fc.assert(
    fc.property(cut, fc.string(), fc.func(fc.integer()), (pieces, rest, order) => {
      // Two neighbouring insertions of the same text would count once.
      const parts = pieces.map((piece, i) => ({ ...piece, kept: `${i}${piece.kept}` }))
      const text = parts.map(({ kept, old }) => kept + old).join('') + rest
      const shuffled = splicesOf(parts).toSorted((a, b) => order(a) - order(b))
      expect(applySplices(text, shuffled)).toEqual({
        ok: true,
        text: parts.map((piece) => piece.kept + piece.new).join('') + rest,
      })
    }),
  )
})

test('splices of the new text that put the old pieces back give the old text back', () => {
  fc.assert(
    fc.property(cut, fc.string(), (pieces, rest) => {
      const parts = pieces.map((piece, i) => ({ ...piece, kept: `${i}${piece.kept}` }))
      const before = parts.map(({ kept, old }) => kept + old).join('') + rest
      const after = applySplices(before, splicesOf(parts))
      const undo = splicesOf(parts.map((piece) => ({ kept: piece.kept, old: piece.new, new: piece.old })))
      expect(after.ok && applySplices(after.text, undo)).toEqual({ ok: true, text: before })
    }),
  )
})
