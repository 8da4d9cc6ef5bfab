import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import {
  agree,
  type Agreement,
  OLDEST_SPOKEN,
  PROTOCOL_VERSION,
  protocolHistory,
  Spoken,
  spokenHere,
} from './version.ts'

test('the history counts up by one and ends at the version of this release', () => {
  expect(protocolHistory.map(({ version }) => version)).toEqual(
    Array.from({ length: PROTOCOL_VERSION }, (_, n) => n + 1),
  )
  expect(OLDEST_SPOKEN).toBeLessThanOrEqual(PROTOCOL_VERSION)
})

test.each([
  { name: 'the same', theirs: { newest: 5, oldest: 3 }, agreed: { ok: true, version: 5 } },
  { name: 'a newer one that still speaks ours', theirs: { newest: 9, oldest: 5 }, agreed: { ok: true, version: 5 } },
  { name: 'an older one that we still speak', theirs: { newest: 3, oldest: 1 }, agreed: { ok: true, version: 3 } },
  { name: 'one that is too old', theirs: { newest: 2, oldest: 1 }, agreed: { ok: false, upgrade: 'other-side' } },
  { name: 'one that is too new', theirs: { newest: 9, oldest: 6 }, agreed: { ok: false, upgrade: 'this-side' } },
])('with $name', ({ theirs, agreed }) => {
  expect(agree(theirs, { newest: 5, oldest: 3 })).toMatchObject(agreed)
})

test('both sides come to the same version, or to the same side to be upgraded', () => {
  const spoken = fc
    .tuple(fc.integer({ min: 1, max: 9 }), fc.nat(5))
    .map(([oldest, more]) => ({ oldest, newest: oldest + more }))
  fc.assert(
    fc.property(spoken, spoken, (a, b) => {
      const here = agree(b, a)
      const there = agree(a, b)
      const seenFromThere = { 'this-side': 'other-side', 'other-side': 'this-side' } as const
      const verdict = (agreed: Agreement) => (agreed.ok ? agreed.version : agreed.upgrade)
      expect(verdict(there)).toBe(here.ok ? here.version : seenFromThere[here.upgrade])
    }),
  )
})

test('what a newer side says beyond the versions is ignored', () => {
  expect(z.parse(Spoken, { ...spokenHere, dialect: 'x' })).toEqual(spokenHere)
  expect(z.safeParse(Spoken, { newest: 0, oldest: 0 }).success).toBe(false)
})
