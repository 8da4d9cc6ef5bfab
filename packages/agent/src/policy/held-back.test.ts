import { expect, test } from 'vitest'
import { instantWords } from './held-back.ts'

const nowMs = Date.parse('2026-11-21T03:15:00.000Z')

test.each([
  { atMs: nowMs + 1, zone: 'UTC', says: '2026-11-21T03:15:01Z (in 1 min)' },
  { atMs: nowMs + 59 * 60_000, zone: 'UTC', says: '2026-11-21T04:14:00Z (in 59 min)' },
  { atMs: nowMs + 90 * 60_000, zone: 'UTC', says: '2026-11-21T04:45:00Z (in 1 h 30 min)' },
  { atMs: nowMs + 50 * 3_600_000, zone: 'UTC', says: '2026-11-23T05:15:00Z (in 2 d 2 h)' },
  {
    atMs: nowMs + 45 * 60_000,
    zone: 'Europe/Zurich',
    says: '2026-11-21T04:00:00Z (2026-11-21 05:00 in Europe/Zurich, in 45 min)',
  },
])('$says', ({ atMs, zone, says }) => {
  expect(instantWords(atMs, zone, nowMs)).toBe(says)
})
