/** A module is short: about 150 lines is normal, and none is longer than 400. */
import { expect, test } from 'vitest'
import { sourcesIn } from './sources.ts'

const limit = 400

test(`no file is longer than ${limit} lines`, () => {
  const sized = sourcesIn('packages', 'scripts', 'test').map(({ path, text }) => ({
    path,
    lines: text.split('\n').length - 1,
  }))
  const biggest = sized.toSorted((a, b) => b.lines - a.lines)
  process.stdout.write(
    `biggest files: ${biggest
      .slice(0, 5)
      .map(({ path, lines }) => `${path} ${lines}`)
      .join(', ')}\n`,
  )
  expect(biggest.filter(({ lines }) => lines > limit)).toEqual([])
})
