/** What every source file keeps to: it opens with a sentence, it is short, it has a name, it never starts a shell. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'

const sources = readdirSync('packages', { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts') && /^[a-z]+\/src\//.test(path) && !path.includes('node_modules'))
  .map((path) => ({ path: join('packages', path), text: readFileSync(join('packages', path), 'utf8') }))
const modules = sources.filter(({ path }) => !path.endsWith('.test.ts'))

test('there are sources to look at', () => {
  expect(modules.length).toBeGreaterThan(20)
})

test('every module opens with a sentence that says what it is for', () => {
  expect(modules.filter(({ text }) => !/^(#!.*\n)?\/\*\*[\s\S]*?[.:!?][\s\S]*?\*\//.test(text)).map(({ path }) => path)).toEqual([])
})

test('no file is longer than 400 lines', () => {
  expect(sources.filter(({ text }) => text.split('\n').length > 401).map(({ path }) => path)).toEqual([])
})

test('no drawer files, no default exports, no module mocks', () => {
  expect(sources.filter(({ path }) => /\/(utils?|helpers?|common|types|misc)\.ts$/.test(path)).map(({ path }) => path)).toEqual([])
  expect(sources.filter(({ text }) => /^export default /m.test(text)).map(({ path }) => path)).toEqual([])
  expect(sources.filter(({ text }) => /\bvi\.mock\(/.test(text)).map(({ path }) => path)).toEqual([])
})

test('nothing goes through a shell', () => {
  const shell = /shell:\s*true|\bexec(Sync)?\(\s*['"`]|['"]-c['"]\s*,.*\b(sh|bash)\b|['"](\/bin\/)?(ba)?sh['"]/
  expect(modules.filter(({ text }) => shell.test(text)).map(({ path }) => path)).toEqual([])
})
