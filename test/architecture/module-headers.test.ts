/** Every module opens with a sentence that says what it is for. */
import { expect, test } from 'vitest'
import { productSources, sourcesIn } from './sources.ts'

/** A comment that comes first, after a shebang at most, and holds at least one whole sentence. */
function opensWithASentence(text: string): boolean {
  const comment = /^(?:#!.*\n)?\/\*\*([\s\S]*?)\*\//.exec(text)?.[1] ?? ''
  return /[\w'")`\]][.:!?](\s|$)/.test(comment)
}

test.each([
  { text: '/** How many workers a host can afford. */\nexport {}', opens: true },
  { text: '#!/usr/bin/env node\n/**\n * Two lines\n * of it.\n */\n', opens: true },
  { text: "import x from 'y'\n/** Too late. */", opens: false },
  { text: '/* No documentation comment. */', opens: false },
  { text: '/** @file sizing */', opens: false },
])('$text opens so: $opens', ({ text, opens }) => {
  expect(opensWithASentence(text)).toBe(opens)
})

test('every module opens with a sentence that says what it is for', () => {
  const modules = [...productSources(), ...sourcesIn('scripts', 'test')]
  expect(modules.length).toBeGreaterThan(100)
  expect(modules.filter(({ text }) => !opensWithASentence(text)).map(({ path }) => path)).toEqual([])
})
