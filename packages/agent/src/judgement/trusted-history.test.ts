import { expect, test } from 'vitest'
import { isTrusted } from './trusted-history.ts'

test.each([
  { samples: 1440, spanHours: 24, is: true },
  { samples: 800, spanHours: 30, is: true },
  { samples: 1440, spanHours: 23.9, is: false },
  { samples: 100, spanHours: 160, is: false },
])('$samples samples over $spanHours hours are trusted: $is', ({ is, ...history }) => {
  expect(isTrusted({ ...history, demandP95: 1, demandMost: 1, peakP95MiB: null })).toBe(is)
})
