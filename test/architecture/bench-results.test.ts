/** The page of results is of the benchmarks that there are, each as it describes itself now. */
import { globSync, readFileSync } from 'node:fs'
import { basename } from 'node:path'
import { expect, test } from 'vitest'
import { aboutBench, benchFiles } from '../lab/about-bench.ts'

const page = readFileSync('bench/RESULTS.md', 'utf8')
const benches = globSync(benchFiles).toSorted()

test('every benchmark has its place on the page, and no other has one', () => {
  const named = [...page.matchAll(/^## (.*)$/gm)].map(([, name]) => name)
  expect(named).toEqual(benches.map((path) => basename(path, '.ts')))
})

test.each(benches)('%s stands there with what it measures, and with what came out', (path) => {
  const section = page.slice(page.indexOf(`## ${basename(path, '.ts')}\n`))
  expect(section).toContain(aboutBench(readFileSync(path, 'utf8')))
  expect(/^```\n(.+?)^```$/ms.exec(section)?.[1]?.trim()).not.toBe('')
})
