import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { withoutComments } from './fpm-comments.ts'

test.each([
  { what: 'a comment', text: '; pm = static\nuser = www-data\n', left: '\nuser = www-data\n' },
  { what: 'one with blanks before it', text: ' \t; here\n[www]\n', left: '\n[www]\n' },
  { what: 'one at the end without a newline', text: '[www]\n; last', left: '[www]\n' },
  { what: 'what follows a value', text: 'listen = /run/a.sock ; why\n', left: 'listen = /run/a.sock ; why\n' },
  { what: 'a value that begins with one', text: 'env[A] = ";"\n', left: 'env[A] = ";"\n' },
  { what: 'a line that ends as on Windows', text: ';a\r\nb = c\r\n', left: ';a\r\nb = c\r\n' },
  { what: 'one with a NUL', text: '; a\0b\n', left: '; a\0b\n' },
  { what: 'one that is read in two pieces', text: `;${'a'.repeat(1100)}\n`, left: `;${'a'.repeat(1100)}\n` },
])('$what', ({ text, left }) => {
  expect(withoutComments(text)).toBe(left)
})

test('lines stay where they were, and only those with a semicolon first are made empty', () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(';a', ' ;', 'b = "', '"', '\r', '\0', ' ', '[c]', '')), (lines) => {
      const left = withoutComments(lines.join('\n')).split('\n')
      expect(left).toEqual(
        lines
          .map((line) => (/^[ \t]*;/.test(line) && !/[\0\r]/.test(line) ? '' : line))
          .join('\n')
          .split('\n'),
      )
    }),
  )
})

test('most of what Debian ships is gone, and it is all comments', () => {
  const text = readFileSync(
    new URL('./cases/fpm-config/debian-12/files/etc/php/8.2/fpm/pool.d/www.conf', import.meta.url),
    'latin1',
  )
  expect(withoutComments(text).length).toBeLessThan(text.length / 5)
})
