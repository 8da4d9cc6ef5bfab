import fc from 'fast-check'
import { expect, test } from 'vitest'
import { readConfigLine } from './ssh-config-line.ts'

const bytes = fc.uint8Array({ maxLength: 300 }).map((array) => Buffer.from(array).toString('latin1'))

test.each([
  { line: 'User ana', keyword: 'user', args: ['ana'] },
  { line: '  USER\t=  ana  ', keyword: 'user', args: ['ana'] },
  { line: 'User=ana', keyword: 'user', args: ['ana'] },
  { line: 'User = = ana', keyword: 'user', args: ['=', 'ana'] },
  { line: '"User" ana', keyword: 'user', args: ['ana'] },
  { line: `Host "a b" 'c d' e\\ f g"h i"j`, keyword: 'host', args: ['a b', 'c d', 'e f', 'gh ij'] },
  { line: 'Host a#b #c', keyword: 'host', args: ['a#b'] },
  { line: 'Host ""', keyword: 'host', args: [''] },
  { line: String.raw`User corp\ana`, keyword: 'user', args: [String.raw`corp\ana`] },
  { line: String.raw`User "a\"b\\c\ d"`, keyword: 'user', args: [String.raw`a"b\c\ d`] },
])('$line', ({ line, keyword, args }) => {
  expect(readConfigLine(line)).toMatchObject({ kind: 'setting', keyword, args })
})

test.each(['', '   ', '# a comment', '\t#x', '\r'])('%j says nothing', (line) => {
  expect(readConfigLine(line)).toEqual({ kind: 'nothing' })
})

test.each(['User', 'User =', '= ana', 'User "ana', "Host 'a", '"User ana'])('%j is odd', (line) => {
  expect(readConfigLine(line).kind).toBe('odd')
})

test('a command keeps its quotes', () => {
  expect(readConfigLine('ProxyCommand sh -c "nc %h %p"')).toMatchObject({ rest: 'sh -c "nc %h %p"' })
})

test('any bytes are taken, in time that grows with them', () => {
  fc.assert(fc.property(bytes, (line) => void readConfigLine(line)))
  for (const piece of [' ', '"', '\\', 'a', '=', '\t=', '#', "'a"]) readConfigLine(`Host${piece.repeat(200_000)}x`)
})
