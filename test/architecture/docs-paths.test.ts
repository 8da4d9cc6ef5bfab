/** Paths and links in the documentation lead somewhere: a page that names a file that is gone fails here. */
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { pages, root } from './sources.ts'

/** Folders whose files the documentation speaks of; anything else in backticks is no path of ours. */
const ours = /^(packages|test|scripts|docs|fixtures|bench|\.ci)\/[\w./@-]*$/

test('there are pages to look at', () => {
  expect(pages().map(({ path }) => path)).toContain('README.md')
})

test.each(pages())('every path in $path exists', ({ path, text }) => {
  const named = [...text.matchAll(/`([^`\n]+)`/g)].map((match) => match[1] ?? '').filter((word) => ours.test(word))
  const linked = [...text.matchAll(/\]\(([^)\s]+)\)/g)].map((match) => match[1] ?? '')
  const files = linked
    .filter((target) => !/^([a-z]+:|#)/.test(target))
    .map((target) => join(dirname(path), target.replace(/#.*$/, '')))
  expect([...named, ...files].filter((file) => !existsSync(join(root, file)))).toEqual([])
})
