import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sizeAtLeast, sizeAtMost } from './size-series.ts'

test('sizes come from a fixed series, so that similar hosts get the same', () => {
  expect([6, 7, 11, 13, 127].map(sizeAtMost)).toEqual([5, 5, 10, 12, 120])
  expect(sizeAtLeast(6)).toBe(8)
  expect(sizeAtMost(0)).toBeNull()
})

test('rounding down never exceeds, rounding up never falls short, and both are in the series', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 8000 }), (n) => {
      const down = sizeAtMost(n)!
      expect(down).toBeLessThanOrEqual(n)
      expect(sizeAtLeast(n)).toBeGreaterThanOrEqual(n)
      expect(sizeAtMost(down)).toBe(down)
      expect(sizeAtLeast(down)).toBe(down)
    }),
  )
})
