import { expect, test } from 'vitest'
import type { Sample } from './sample.ts'
import { demandHistory } from './demand-history.ts'

const minuteMs = 60_000
const startMs = Date.parse('2026-11-20T00:00:00.000Z')

function samples(count: number, pools: (minute: number) => Sample['pools']): readonly Sample[] {
  return Array.from({ length: count }, (_, minute) => ({
    at: new Date(startMs + minute * minuteMs).toISOString(),
    pools: pools(minute),
    sites: [],
  }))
}

test('demand is busy and waiting together, its 95th percentile beside the most', () => {
  const history = demandHistory(
    samples(100, (minute) => [
      {
        pool: 'php8.2-fpm/www',
        busy: minute === 50 ? 40 : minute < 10 ? 8 : 2,
        waiting: minute < 10 ? 4 : 0,
        peakMiB: 30,
      },
    ]),
  )
  expect(history.get('php8.2-fpm/www')).toEqual({
    samples: 100,
    spanHours: 99 / 60,
    demandP95: 12,
    demandMost: 40,
    peakP95MiB: 30,
  })
})

test('each pool has its own history, and one that was never seen has none', () => {
  const history = demandHistory(
    samples(3, (minute) => [
      { pool: 'a/www', busy: minute, waiting: 0, peakMiB: null },
      ...(minute === 2 ? [{ pool: 'a/api', busy: 7, waiting: 0, peakMiB: 12 }] : []),
    ]),
  )
  expect(history.get('a/www')).toMatchObject({ samples: 3, demandMost: 2, peakP95MiB: null })
  expect(history.get('a/api')).toMatchObject({ samples: 1, spanHours: 0 })
  expect(history.has('b/www')).toBe(false)
})
