import type { MaintenanceWindow, Weekday } from './model/policy.ts'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { maintenanceAt } from './maintenance.ts'

const everyDay: readonly Weekday[] = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']
const window = (days: readonly Weekday[], from: string, to: string): MaintenanceWindow => ({
  days: [...days],
  from,
  to,
})
const nights = window(['mon', 'tue'], '22:00', '04:00')
const mornings = window(['wed'], '06:00', '08:30')

// 2026-11-21 is a Saturday.
test.each<{ what: string; windows?: readonly MaintenanceWindow[]; zone?: string; now: string; is: object }>([
  { what: 'no windows', windows: [], now: '2026-11-21T12:00:00Z', is: { isOpen: true, untilMs: null } },
  { what: 'before it', now: '2026-11-23T21:59:59Z', is: { next: '2026-11-23T22:00:00Z' } },
  { what: 'the moment it opens', now: '2026-11-23T22:00:00Z', is: { until: '2026-11-24T04:00:00Z' } },
  { what: 'past midnight', now: '2026-11-24T03:59:59Z', is: { until: '2026-11-24T04:00:00Z' } },
  { what: 'the moment it closes', now: '2026-11-24T04:00:00Z', is: { next: '2026-11-24T22:00:00Z' } },
  {
    what: 'the morning after the last of its days',
    now: '2026-11-25T03:00:00Z',
    is: { until: '2026-11-25T04:00:00Z' },
  },
  { what: 'the night of a day that is not its', now: '2026-11-25T22:30:00Z', is: { next: '2026-11-30T22:00:00Z' } },
  { what: 'days before', now: '2026-11-21T12:00:00Z', is: { next: '2026-11-23T22:00:00Z' } },
  {
    what: 'the first of several',
    windows: [nights, mornings],
    now: '2026-11-25T05:00:00Z',
    is: { next: '2026-11-25T06:00:00Z' },
  },
  {
    what: 'several at once, until the last closes',
    windows: [window(['sat'], '11:00', '13:00'), window(['sat'], '12:00', '14:00')],
    now: '2026-11-21T12:30:00Z',
    is: { until: '2026-11-21T14:00:00Z' },
  },
  {
    what: 'a whole day',
    windows: [window(['sun'], '00:00', '00:00')],
    now: '2026-11-22T23:59:00Z',
    is: { until: '2026-11-23T00:00:00Z' },
  },
  {
    what: 'once a week, just closed',
    windows: [window(['sat'], '10:00', '11:00')],
    now: '2026-11-21T11:00:00Z',
    is: { next: '2026-11-28T10:00:00Z' },
  },
  {
    what: 'the clock of another zone',
    zone: 'Asia/Tokyo',
    now: '2026-11-23T13:30:00Z',
    is: { until: '2026-11-23T19:00:00Z' },
  },
  {
    what: 'an hour that the clocks leave out',
    windows: [window(['sun'], '02:15', '06:00')],
    zone: 'Europe/Zurich',
    now: '2026-03-29T00:30:00Z',
    is: { next: '2026-03-29T01:15:00Z' },
  },
  {
    what: 'hours of which a clock leaves out all that it would be open for',
    windows: [window(['sun'], '02:30', '03:15')],
    zone: 'Europe/Zurich',
    now: '2026-03-29T00:30:00Z',
    is: { next: '2026-04-05T00:30:00Z' },
  },
  {
    what: 'an hour that comes twice, the first time',
    windows: [window(['sun'], '02:15', '06:00')],
    zone: 'Europe/Zurich',
    now: '2026-10-25T00:00:00Z',
    is: { next: '2026-10-25T00:15:00Z' },
  },
])('$what, at $now', ({ windows = [nights], zone = 'UTC', now, is }) => {
  const { next, until } = is as { next?: string; until?: string }
  const expected =
    next !== undefined
      ? { isOpen: false, nextMs: Date.parse(next) }
      : until !== undefined
        ? { isOpen: true, untilMs: Date.parse(until) }
        : is
  expect(maintenanceAt(windows, zone, Date.parse(now))).toEqual(expected)
})

describe('whatever the windows, the zone and the moment', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
  const windows = fc.array(
    fc
      .record({ days: fc.uniqueArray(fc.constantFrom(...everyDay), { minLength: 1 }), from: time, to: time })
      .map(({ days, from, to }) => window(days, from, to)),
    { minLength: 1, maxLength: 4 },
  )
  const zone = fc.constantFrom('UTC', 'Europe/Zurich', 'America/St_Johns', 'Australia/Lord_Howe', 'Asia/Kathmandu')
  const nowMs = fc.integer({ min: Date.parse('2026-01-01T00:00:00Z'), max: Date.parse('2028-01-01T00:00:00Z') })

  test('what is closed opens within two weeks, at the moment that was told and not before', () => {
    fc.assert(
      fc.property(windows, zone, nowMs, fc.double({ min: 0, max: 1, noNaN: true }), (each, where, now, share) => {
        const found = maintenanceAt(each, where, now)
        if (found.isOpen) return
        expect(found.nextMs - now).toBeLessThanOrEqual(15 * 24 * 3_600_000)
        const between = now + Math.floor((found.nextMs - 1 - now) * share)
        expect(maintenanceAt(each, where, between)).toEqual({ isOpen: false, nextMs: found.nextMs })
        expect(maintenanceAt(each, where, found.nextMs).isOpen).toBe(true)
      }),
    )
  })

  test('what is open stays open until the moment that was told', () => {
    fc.assert(
      fc.property(windows, zone, nowMs, fc.double({ min: 0, max: 1, noNaN: true }), (each, where, now, share) => {
        const found = maintenanceAt(each, where, now)
        if (!found.isOpen || found.untilMs === null) return
        expect(found.untilMs).toBeGreaterThan(now)
        const between = now + Math.floor((found.untilMs - 1 - now) * share)
        expect(maintenanceAt(each, where, between).isOpen).toBe(true)
      }),
    )
  })

  test('in UTC it is open where a reading of the clock says so', () => {
    fc.assert(
      fc.property(windows, nowMs, (each, now) => {
        const clock = new Date(now).toISOString().slice(11, 16)
        const day = (offset: number) => everyDay[(new Date(now).getUTCDay() + 6 + offset) % 7]!
        const reads = each.some(({ days, from, to }) => {
          const today = days.includes(day(0))
          if (from < to) return today && from <= clock && clock < to
          return (today && from <= clock) || (days.includes(day(-1)) && clock < to)
        })
        expect(maintenanceAt(each, 'UTC', now).isOpen).toBe(reads)
      }),
    )
  })
})
