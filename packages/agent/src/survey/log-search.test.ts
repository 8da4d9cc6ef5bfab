import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { OpenLog } from '../host/host.ts'
import { nginxErrorStamps } from '../readings/log-stamps.ts'
import { fakeLog } from './fake-read-host.ts'
import { newestPart, type LogSearch } from './log-search.ts'

const startMs = Date.UTC(2026, 10, 21)
const stampOf = (ms: number) => new Date(ms).toISOString().slice(0, 19).replaceAll('-', '/').replace('T', ' ')
const lineAt = (second: number, says: string) => `${stampOf(startMs + second * 1000)} [error] 51#51: ${says}\n`
const at = (second: number) => startMs + second * 1000
const kib = 1024

function counted(bytes: Uint8Array): OpenLog & { readBytes: number; reads: number } {
  const log = fakeLog(bytes)
  const own = {
    facts: log.facts,
    readBytes: 0,
    reads: 0,
    read: async (offset: number, length: number) => {
      const block = await log.read(offset, length)
      own.readBytes += block.length
      own.reads++
      return block
    },
  }
  return own
}

const search = (changes: Partial<LogSearch> = {}): LogSearch => ({
  stamps: nginxErrorStamps,
  since: at(0),
  tailBytes: 2 * kib,
  limitBytes: Infinity,
  ...changes,
})

/** What reading all of the log finds since then, each entry by its own number. */
const numbersSince = (text: string, since: number) =>
  text
    .split('\n')
    .map((line) => /^(\S+) (\S+) \[error\] 51#51: entry (\d+) /.exec(line))
    .filter((match) => Date.parse(`${match?.[1]?.replaceAll('/', '-')}T${match?.[2]}Z`) >= since)
    .map((match) => Number(match?.[3]))

/** Entries as nginx writes them: late by seconds, over several lines, long, with zeros and other bytes in them. */
const entries = fc.array(
  fc.record({
    afterS: fc.oneof(fc.constant(0), fc.nat(2), fc.nat(600)),
    lateS: fc.oneof(fc.constant(0), fc.nat(59)),
    says: fc.oneof(
      fc.string({ maxLength: 40 }),
      fc.constantFrom('\n#0 /srv/x.php(1): f()\n#1 {main}', '\0'.repeat(3000), 'x'.repeat(40 * kib), ''),
    ),
    times: fc.oneof(fc.constant(1), fc.nat(60)),
  }),
  { maxLength: 60 },
)

function logOf(given: readonly { afterS: number; lateS: number; says: string; times: number }[]) {
  let [text, now, number] = ['', 600, 0]
  const moments = [now]
  for (const { afterS, lateS, says, times } of given) {
    now += afterS
    moments.push(now)
    for (let i = 0; i <= times; i++) text += lineAt(now - (i % 2 === 0 ? lateS : 0), `entry ${number++} ${says}`)
  }
  return { text, endS: now, moments }
}

describe('the newest part of a log', () => {
  test('has every entry of the window that reading all of it would find', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(), fc.integer({ min: -70, max: 70 }), async (given, which, byS) => {
        const { text, moments } = logOf(given)
        const since = at((moments[which % moments.length] ?? 0) + byS)
        const part = await newestPart(fakeLog(Buffer.from(text, 'latin1')), search({ since }))
        expect(numbersSince(part?.text ?? '', since)).toEqual(numbersSince(text, since))
      }),
      { numRuns: 300 },
    )
  })

  test('within a limit is the newest of it, and does not claim to reach where it does not', async () => {
    await fc.assert(
      fc.asyncProperty(entries, fc.nat(100 * kib), async (given, limitBytes) => {
        const { text, endS } = logOf(given)
        const since = at(endS - 300)
        const part = await newestPart(fakeLog(Buffer.from(text, 'latin1')), search({ since, limitBytes }))
        expect(part?.text.length).toBeLessThanOrEqual(Math.min(limitBytes, text.length))
        expect(text.endsWith(part?.text ?? '-')).toBe(true)
        expect(part?.isWhole && part.text !== text).toBe(false)
      }),
    )
  })

  test('of any bytes is found without a throw, and without reading more than the limit and the probes', async () => {
    const junk = fc.oneof(
      fc.uint8Array({ maxLength: 3000 }),
      fc.nat(300 * kib).map((length) => Buffer.alloc(length)),
      fc.nat(300 * kib).map((length) => Buffer.alloc(length, 'x')),
      fc.nat(1_000_000).map((second) => Buffer.from(lineAt(second, 'out of nowhere'))),
    )
    await fc.assert(
      fc.asyncProperty(fc.array(junk, { maxLength: 12 }), fc.nat(1_000_000), async (pieces, second) => {
        const bytes = Buffer.concat(pieces)
        const log = counted(bytes)
        await newestPart(
          log,
          search({ since: at(second), limitBytes: 64 * kib, moments: [at(second), at(second + 9)] }),
        )
        // Two moments, and a probe of 256 KiB at most for each halving of the log.
        const halvings = Math.ceil(Math.log2(Math.max(2, bytes.length / (16 * kib))))
        expect(log.readBytes).toBeLessThanOrEqual(64 * kib + 2 * 64 * kib + 3 * halvings * 256 * kib)
      }),
    )
  })

  test('of a log that is one line costs no more than a few blocks for each halving', async () => {
    const log = counted(Buffer.alloc(16_000 * kib, 'x'))
    await newestPart(log, search({ since: at(0), limitBytes: 64 * kib }))
    expect(log.readBytes).toBeLessThanOrEqual(64 * kib + 10 * 256 * kib)
  })

  test('costs the same in a log of any size', async () => {
    const line = lineAt(0, 'x'.repeat(70))
    const sizes = [1000, 1_000_000].map((lines) => {
      const bytes = Buffer.alloc(lines * line.length)
      for (let i = 0; i < lines; i++) bytes.write(lineAt(i, 'x'.repeat(70)), i * line.length, 'latin1')
      return { bytes, endS: lines }
    })
    const costs = []
    for (const { bytes, endS } of sizes) {
      const log = counted(bytes)
      const part = await newestPart(log, search({ since: at(endS - 300), limitBytes: 1024 * kib }))
      expect(part).toMatchObject({ reaches: true })
      costs.push(log)
    }
    expect(costs[1]?.reads).toBeLessThanOrEqual((costs[0]?.reads ?? 0) + Math.ceil(Math.log2(1000)) + 2)
    expect(costs[1]?.readBytes).toBeLessThanOrEqual(400 * kib)
  })

  test('of a small log is one read, and so it is of a big one whose end reaches back far enough', async () => {
    for (const lines of [20, 20_000]) {
      const log = counted(Buffer.from(Array.from({ length: lines }, (_, i) => lineAt(i * 60, 'x')).join('')))
      expect(await newestPart(log, search({ since: at((lines - 5) * 60) }))).toMatchObject({ reaches: true })
      expect(log.reads).toBe(1)
    }
  })
})

test.each([
  { what: 'one line without an end', text: 'x'.repeat(500_000), part: { text: '', reaches: false, isWhole: false } },
  { what: 'nothing', text: '', part: { text: '', reaches: false, isWhole: true } },
  {
    what: 'a hole that copytruncate left, and what was written since',
    text: '\0'.repeat(500_000) + lineAt(50, 'new'),
    part: { text: lineAt(50, 'new'), isWhole: true },
  },
  {
    what: 'a dump in one line, with what is older before it',
    text: lineAt(-900, 'older').repeat(4000) + lineAt(30, 'x'.repeat(50_000)) + lineAt(50, 'new'),
    part: { reaches: true },
  },
  {
    what: 'a clock that was years ahead for a while',
    text: lineAt(-900, 'older').repeat(4000) + lineAt(9_000_000, 'ahead').repeat(4) + lineAt(50, 'new'),
    part: { reaches: true },
  },
])('a log of $what is read for what it is', async ({ text, part }) => {
  const bytes = Buffer.from(text, 'latin1')
  expect(await newestPart(fakeLog(bytes), search({ limitBytes: 128 * kib }))).toMatchObject(part)
})

test('where the limit leaves a part out, what was written around the given moments is there all the same', async () => {
  const flood = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) => lineAt(from + i, 'flood'.repeat(60)).repeat(20)).join('')
  const text =
    flood(0, 100) + lineAt(100, 'recv() failed') + flood(101, 200) + lineAt(200, 'recv() failed') + flood(201, 300)
  const given = { since: at(0), limitBytes: 64 * kib }
  const blind = await newestPart(fakeLog(Buffer.from(text)), search(given))
  expect(blind?.text).not.toContain('recv()')
  const log = counted(Buffer.from(text))
  const part = await newestPart(log, search({ ...given, moments: [at(200), at(100), at(100), at(-5000)] }))
  expect(part?.text.match(/.* recv\(\) failed\n/g)).toEqual([
    lineAt(100, 'recv() failed'),
    lineAt(200, 'recv() failed'),
  ])
  expect(part).toMatchObject({ reaches: false, firstMs: blind?.firstMs })
  expect(log.readBytes).toBeLessThan(1024 * kib)
})

test('a log that becomes shorter while it is read is none', async () => {
  const log = fakeLog(Buffer.from(lineAt(0, 'x').repeat(100)))
  expect(await newestPart({ ...log, read: async () => new Uint8Array(3) }, search())).toBeNull()
})
