import { describe, expect, test } from 'vitest'
import { maintenanceAt } from '../maintenance.ts'
import { readZonedWindow, zonedWindowText } from './zoned-window.ts'

test.each([
  ['mon 22:00-05:00 UTC', ['mon']],
  ['mon-thu 22:00-05:00 Europe/Berlin', ['mon', 'tue', 'wed', 'thu']],
  ['fri-mon  22:00-05:00   Europe/Berlin ', ['fri', 'sat', 'sun', 'mon']],
  ['mon,wed-thu 22:00-05:00 America/St_Johns', ['mon', 'wed', 'thu']],
  ['daily 02:00-04:00 Asia/Kathmandu', ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']],
])('%j opens on %j', (text, days) => {
  const window = readZonedWindow(text)
  expect(window?.days).toEqual(days)
  expect(readZonedWindow(zonedWindowText(window!))).toEqual(window)
})

test.each([
  '',
  'mon 22:00-05:00',
  'mon 22:00-05:00 Berlin',
  'mon 22:00-05:00 +01:00',
  'monday 22:00-05:00 UTC',
  'mon-wed-fri 22:00-05:00 UTC',
  'mon 25:00-05:00 UTC',
  'mon 9:00-10:00 UTC',
])('%j is no window', (text) => expect(readZonedWindow(text)).toBeNull())

describe('by the clock of its zone', () => {
  const berlin = readZonedWindow('sun 02:30-04:00 Europe/Berlin')!
  test.each([
    // Clocks jump from 02:00 to 03:00.
    ['opens when the clock has jumped over its beginning', '2026-03-29T00:59:00Z', '2026-03-29T01:30:00.000Z'],
    // Clocks go back from 03:00 to 02:00: 02:30 comes at 00:30Z and at 01:30Z.
    ['opens at the first of two times that its clock shows', '2026-10-25T00:00:00Z', '2026-10-25T00:30:00.000Z'],
    ['keeps to the clock in winter', '2026-11-22T00:00:00Z', '2026-11-22T01:30:00.000Z'],
    ['keeps to the clock in summer', '2026-07-05T00:00:00Z', '2026-07-05T00:30:00.000Z'],
  ])('%s', (_, now, opens) => {
    const found = maintenanceAt([berlin], berlin.zone, Date.parse(now))
    expect(found.isOpen ? 'open' : new Date(found.nextMs).toISOString()).toBe(opens)
  })
})
