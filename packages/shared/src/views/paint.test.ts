import fc from 'fast-check'
import { expect, test } from 'vitest'
import { paintFor, safe, safeLine } from './paint.ts'

test('escape sequences and characters that reorder text are shown as codes', () => {
  expect(safe('\u001B[31mred\u202Eevil')).toBe('\\u{1b}[31mred\\u{202e}evil')
  expect(safeLine('two\nlines')).toBe('two\\nlines')
})

test('no control character ever reaches the screen', () => {
  // oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
  fc.assert(fc.property(fc.string({ unit: 'binary' }), (text) => !/[\u0000-\u001F\u007F-\u009F]/.test(safeLine(text))))
})

test('colour only on a terminal, and never against NO_COLOR', () => {
  expect(paintFor(true, {}).red('x')).toBe('\u001B[31mx\u001B[39m')
  expect(paintFor(true, { NO_COLOR: '1' }).red('x')).toBe('x')
  expect(paintFor(true, { TERM: 'dumb' }).red('x')).toBe('x')
  expect(paintFor(false, {}).red('x')).toBe('x')
})
