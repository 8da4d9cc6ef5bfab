/** The page of results is of the benchmarks that there are, each as it describes itself now. */
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { aboutBench, allBenches, benchPage, benchSection, readBenchPage } from '../lab/bench-page.ts'

const page = readFileSync('bench/RESULTS.md', 'utf8')
const benches = allBenches('.')
const sections = readBenchPage(page)

test('every benchmark has its place on the page, and no other has one', () => {
  expect([...sections.keys()]).toEqual(benches.map(({ name }) => name))
})

test.each(benches)('$name stands there with what it measures, where it ran, and what came out', ({ name, path }) => {
  const section = sections.get(name) ?? ''
  expect(section).toContain(aboutBench(readFileSync(path, 'utf8')))
  expect(section).toMatch(/^- 20\d\d-\d\d-\d\d \d\d:\d\d UTC, commit [0-9a-f]{12}/m)
  expect(/^```\n(.+?)^```$/ms.exec(section)?.[1]?.trim()).not.toBe('')
})

test('a section that is replaced leaves the others as they are', () => {
  const names = benches.map(({ name }) => name)
  const [first = '', ...rest] = names
  const found = { about: 'About it.', where: ['- a machine'], printed: 'a figure\n', exitCode: 0 }
  const replaced = readBenchPage(benchPage(names, new Map(sections).set(first, benchSection(first, found))))
  expect(replaced.get(first)?.trimEnd()).toBe(`## ${first}\n\nAbout it.\n\n- a machine\n\n\`\`\`\na figure\n\`\`\``)
  for (const name of rest) expect(replaced.get(name)?.trimEnd()).toBe(sections.get(name)?.trimEnd())
})
