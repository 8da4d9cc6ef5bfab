import { expect, test } from 'vitest'
import { componentPattern, literalName } from './glob-pattern.ts'

test.each([
  { pattern: '*.conf', matches: ['www.conf', 'a.b.conf'], not: ['.hidden.conf', 'www.conf~', 'conf'] },
  { pattern: '.*', matches: ['.hidden'], not: ['www.conf'] },
  { pattern: 'w?w.conf', matches: ['www.conf'], not: ['ww.conf'] },
  { pattern: '[ab].conf', matches: ['a.conf', 'b.conf'], not: ['c.conf', '[ab].conf'] },
  { pattern: '[!ab].conf', matches: ['c.conf'], not: ['a.conf'] },
  { pattern: 'a+b(1).conf', matches: ['a+b(1).conf'], not: ['aab1.conf'] },
  { pattern: '\\*.conf*', matches: ['*.conf', '*.conf~'], not: ['a.conf'] },
  { pattern: 'a\\b*', matches: ['ab', 'abc'], not: ['a\\b'] },
  { pattern: '[a\\-c].conf', matches: ['a.conf', 'c.conf', '-.conf'], not: ['b.conf', '\\.conf'] },
  { pattern: 'conf.*\\', matches: ['conf.d'], not: ['confd'] },
  { pattern: '[z-am].conf', matches: ['m.conf'], not: ['z.conf', 'a.conf', '-.conf'] },
  { pattern: '[!z-\\a].conf', matches: ['b.conf', 'z.conf'], not: ['.conf'] },
  { pattern: '[a-]', matches: ['a', '-'], not: ['b'] },
  { pattern: '[^m]', matches: ['-', 'x'], not: ['m'] },
  { pattern: '[\\d].conf', matches: ['d.conf'], not: ['1.conf'] },
  { pattern: '[.conf', matches: ['[.conf'], not: ['.conf'] },
])('$pattern matches as glob(3) does', ({ pattern, matches, not }) => {
  const compiled = componentPattern(pattern)
  expect(matches.filter((name) => !compiled.test(name))).toEqual([])
  expect(not.filter((name) => compiled.test(name))).toEqual([])
})

test.each([
  ['www.conf', 'www.conf'],
  ['a\\*b', 'a*b'],
  ['a\\\\b', 'a\\b'],
  ['conf.d\\', 'conf.d'],
  ['a*b', null],
  ['\\**', null],
  ['[ab]', null],
])('%j stands for the name %j', (part, name) => {
  expect(literalName(part)).toBe(name)
})
