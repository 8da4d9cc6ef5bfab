import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchesHostNames, matchesPattern, matchesPatternList } from './host-pattern.ts'

test.each([
  { text: 'web-1', pattern: 'web-1', is: true },
  { text: 'web-1', pattern: 'web-?', is: true },
  { text: 'web-10', pattern: 'web-?', is: false },
  { text: 'web-1.example.com', pattern: '*.example.com', is: true },
  { text: '.example.com', pattern: '*.example.com', is: true },
  { text: 'example.com', pattern: '*.example.com', is: false },
  { text: 'aXbXc', pattern: 'a*X*c', is: true },
  { text: '', pattern: '*', is: true },
  { text: '', pattern: '', is: true },
  { text: 'a', pattern: '', is: false },
  { text: 'Web', pattern: 'web', is: false },
  { text: '[::1]:22', pattern: '[::1]:22', is: true },
])('$pattern for $text: $is', ({ text, pattern, is }) => {
  expect(matchesPattern(text, pattern)).toBe(is)
})

test.each([
  { list: 'web-*,!web-9', text: 'web-1', is: true },
  { list: 'web-*,!web-9', text: 'web-9', is: false },
  { list: '!web-9,web-*', text: 'web-9', is: false },
  { list: '!web-9', text: 'web-1', is: false },
  { list: 'a,,b', text: 'b', is: true },
])('$list for $text: $is', ({ list, text, is }) => {
  expect(matchesPatternList(text, list)).toBe(is)
})

test('names of hosts are the same in capitals', () => {
  expect(matchesHostNames('WEB-1', 'web-*')).toBe(true)
  expect(matchesHostNames('web-1', 'WEB-?')).toBe(true)
})

test('a pattern matches as its regular expression does', () => {
  const letters = fc.string({ unit: fc.constantFrom('a', 'b', '.') })
  const patterns = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*', '?') })
  const sourceOf = (pattern: string) => RegExp.escape(pattern).replaceAll('\\*', '.*').replaceAll('\\?', '.')
  fc.assert(
    fc.property(letters, patterns, (text, pattern) => {
      expect(matchesPattern(text, pattern)).toBe(new RegExp(`^${sourceOf(pattern)}$`).test(text))
    }),
  )
})

test('many stars cost no more than their number', () => {
  expect(matchesPattern('a'.repeat(20_000), `${'*a'.repeat(500)}b`)).toBe(false)
})
