import { expect, test } from 'vitest'
import { life } from './life.ts'

test.each([
  ['1m', 60_000],
  ['12h', 43_200_000],
  ['30d', 2_592_000_000],
  ['2w', 1_209_600_000],
  ['3650d', 315_360_000_000],
])('%s is %i ms', (text, ms) => {
  expect(life(text)).toBe(ms)
})

test.each(['', '0d', '30', 'd', '-1d', '1.5h', '1y', '3651d', '999999w', '30 d', '1M'])('%j is no life', (text) => {
  expect(() => life(text)).toThrow(/number with m, h, d or w/)
})
