import { expect, test } from 'vitest'
import { processStartMs } from './process-start.ts'

test('ticks since boot, and how long ago that was', () => {
  expect(processStartMs(2_650_000, '26503.54 41215.81\n', 1_795_250_000_000)).toBe(1_795_250_000_000 - 3540)
})

test('what is no uptime tells nothing', () => {
  expect(processStartMs(100, 'up 3 days', 0)).toBe(null)
})
