import { generateKeyPairSync } from 'node:crypto'
import { expect, test } from 'vitest'
import { throwAwayAuthority } from '../../test/throw-away-authority.ts'
import { renewAtMs } from './renewal-time.ts'

const hourMs = 60 * 60_000
const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })

/** Hours after it came, for as many certificates of a day. */
async function hours(count: number, issuedMs: number): Promise<readonly number[]> {
  const authority = await throwAwayAuthority()
  const fromMs = Math.floor(Date.now() / 1000) * 1000
  const issuedAt = new Date(issuedMs).toISOString()
  return Promise.all(
    Array.from({ length: count }, async () => {
      const certificate = await authority.client('web-7', publicKey, { fromMs, untilMs: fromMs + 24 * hourMs })
      const atMs = renewAtMs({ issuedAt, certificate })
      expect(renewAtMs({ issuedAt, certificate })).toBe(atMs)
      return (atMs - issuedMs) / hourMs
    }),
  )
}

test('a certificate is renewed at about two thirds of its life, and a fleet that enrolled at once not at once', async () => {
  const all = await hours(200, Date.now())
  expect(Math.min(...all)).toBeGreaterThanOrEqual(14.4)
  expect(Math.max(...all)).toBeLessThan(16.8)
  const minutes = new Set(all.map((each) => Math.floor(each * 60)))
  expect(minutes.size).toBeGreaterThan(60)
})

test.each([
  { what: 'two days ahead', aheadMs: 48 * hourMs },
  { what: 'a year behind', aheadMs: -365 * 24 * hourMs },
])('a clock that is $what changes nothing of that', async ({ aheadMs }) => {
  const [first = 0] = await hours(1, Date.now() + aheadMs)
  expect(first).toBeGreaterThanOrEqual(14.4)
  expect(first).toBeLessThan(16.8)
})
