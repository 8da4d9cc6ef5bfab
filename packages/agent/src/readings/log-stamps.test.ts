import fc from 'fast-check'
import { afterEach, describe, expect, test } from 'vitest'
import { accessStamps, firstStamp, fpmStamps, nginxErrorStamps } from './log-stamps.ts'

const utc = Date.UTC(2026, 10, 21, 10, 57, 49)

test.each([
  { log: 'nginx', stamps: nginxErrorStamps, line: '2026/11/21 10:57:49 [error] 51#51: *7 x' },
  { log: 'FPM', stamps: fpmStamps, line: '[21-Nov-2026 10:57:49] NOTICE: ready to handle connections' },
  { log: 'FPM at log_level debug', stamps: fpmStamps, line: '[21-Nov-2026 10:57:49.123456] DEBUG: pid 7, x' },
  { log: 'a slow log', stamps: fpmStamps, line: '[21-Nov-2026 10:57:49]  [pool www] pid 7' },
  { log: 'access', stamps: accessStamps, line: '10.0.0.9 - - [21/Nov/2026:10:57:49 +0000] "GET / HTTP/1.1" 200 5' },
  {
    log: 'access, east',
    stamps: accessStamps,
    line: '::1 - a [b] [21/Nov/2026:16:27:49 +0530] "GET / HTTP/1.1" 200 5',
  },
  { log: 'access, west', stamps: accessStamps, line: '::1 - - [21/Nov/2026:02:57:49 -0800] "GET / HTTP/1.1" 200 5' },
])('a line of $log tells when it was written', ({ stamps, line }) => {
  expect(firstStamp(stamps, `${line}\n`)).toEqual({ at: 0, ms: utc })
})

test.each([
  { what: 'within a line', text: 'PHP message: 2026/11/21 10:57:49 [error] 51#51: x\n' },
  { what: 'of no month', text: '2026/13/21 10:57:49 [error] 51#51: x\n' },
  { what: 'after a carriage return', text: 'x\r2026/11/21 10:57:49 [error] 51#51: x\n' },
  { what: 'cut off', text: '2026/11/21 10:57:4' },
])('a time $what is no stamp', ({ text }) => {
  expect(firstStamp(nginxErrorStamps, text)).toBeNull()
})

test('lines without a stamp are passed over', () => {
  const trace = 'Stack trace:\n#0 /srv/x.php(2): f()\n'
  expect(firstStamp(nginxErrorStamps, `${trace}2026/11/21 10:57:49 [error] 51#51: x\n`)).toMatchObject({
    at: trace.length,
  })
})

test('any bytes are looked through, and a stamp is where a line begins', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(nginxErrorStamps, fpmStamps, accessStamps),
      (text, stamps) => {
        const found = firstStamp(stamps, text)
        expect(found === null || found.at === 0 || text[found.at - 1] === '\n').toBe(true)
      },
    ),
  )
})

describe('where summer time begins or ends', () => {
  const zone = process.env['TZ']
  afterEach(() => {
    if (zone === undefined) delete process.env['TZ']
    else process.env['TZ'] = zone
  })

  test.each([
    { what: 'on an ordinary day', now: '2026-11-21T03:05:00Z', clock: '03:55:00' },
    // At 01:00 UTC the clock goes back from 03:00 to 02:00: what it showed ten minutes ago is later than now.
    { what: 'just after it was set back', now: '2026-10-25T01:05:00Z', clock: '01:55:00' },
    { what: 'just after it was set forward', now: '2026-03-29T01:05:00Z', clock: '01:55:00' },
  ])('the last ten minutes begin at $clock on the clock, $what', ({ now, clock }) => {
    process.env['TZ'] = 'Europe/Berlin'
    const nowMs = Date.parse(now)
    const since = nginxErrorStamps.scaled(nowMs - 600_000, nowMs)
    expect(new Date(since).toISOString().slice(11, 19)).toBe(clock)
  })
})
