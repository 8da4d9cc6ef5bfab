import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { tokenBuckets } from './token-buckets.ts'

const rate = { burst: 3, perSecond: 2 }

function at(startMs = 1_000_000) {
  let nowMs = startMs
  return { buckets: tokenBuckets(rate, () => nowMs), pass: (ms: number) => (nowMs += ms) }
}

test('a burst is let through, and then one each time the bucket has filled again', () => {
  const { buckets, pass } = at()
  expect([1, 2, 3].map(() => buckets.take('ana'))).toEqual([0, 0, 0])
  expect(buckets.take('ana')).toBe(500)
  pass(499)
  expect(buckets.take('ana')).toBe(1)
  pass(1)
  expect(buckets.take('ana')).toBe(0)
  expect(buckets.take('ana')).toBe(500)
})

test('who asks too often takes nothing from anybody else', () => {
  const { buckets } = at()
  for (let i = 0; i < 10; i++) buckets.take('mallory')
  expect(buckets.take('ana')).toBe(0)
})

test('asking how long takes nothing', () => {
  const { buckets } = at()
  for (let i = 0; i < 10; i++) expect(buckets.waitMs('ana')).toBe(0)
  for (let i = 0; i < 3; i++) buckets.take('ana')
  expect([buckets.waitMs('ana'), buckets.waitMs('ana'), buckets.waitMs('ben')]).toEqual([500, 500, 0])
})

test('a clock that is set back makes nobody wait longer', () => {
  const { buckets, pass } = at()
  for (let i = 0; i < 3; i++) buckets.take('ana')
  pass(-60_000)
  expect(buckets.take('ana')).toBe(500)
})

test('however the questions fall, no more get through than the rate allows, and who waits as told gets through', () => {
  fc.assert(
    fc.property(fc.array(fc.nat({ max: 2000 }), { maxLength: 200 }), (pauses) => {
      const { buckets, pass } = at()
      let taken = 0
      let passedMs = 0
      const waited: number[] = []
      for (const pause of pauses) {
        pass(pause)
        const wait = buckets.take('ana')
        pass(wait)
        passedMs += pause + wait
        if (wait > 0) waited.push(buckets.take('ana'))
        taken++
      }
      expect(waited.filter((again) => again > 0)).toEqual([])
      expect(taken).toBeLessThanOrEqual(rate.burst + (passedMs * rate.perSecond) / 1000)
    }),
  )
})

test('an endless row of addresses does not fill the memory: the one not seen for longest is forgotten', () => {
  const { buckets } = at()
  for (let i = 0; i < 3; i++) buckets.take('first')
  for (let i = 0; i < 20_000; i++) buckets.take(`address ${i}`)
  expect([1, 2, 3].map(() => buckets.take('first'))).toEqual([0, 0, 0])
  expect([1, 2, 3].map(() => buckets.take('address 19999'))).toEqual([0, 0, 500])
})
