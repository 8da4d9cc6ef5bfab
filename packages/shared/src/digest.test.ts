import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { canonicalBytes, digestOf, shortDigest } from './digest.ts'
import { Digest } from './model/ids.ts'

test('the example of RFC 8785 section 3.2.2 comes out as in section 3.2.3', () => {
  const written = String.raw`{
    "numbers": [333333333.33333329, 1E30, 4.50, 2e-3, 0.000000000000000000000000001],
    "string": "\u20ac$\u000F\u000aA'\u0042\u0022\u005c\\\"\/",
    "literals": [null, true, false]
  }`
  expect(canonicalBytes(JSON.parse(written)).toString('utf8')).toBe(
    String.raw`{"literals":[null,true,false],"numbers":[333333333.3333333,1e+30,4.5,0.002,1e-27],"string":"€$\u000f\nA'B\"\\\\\"/"}`,
  )
})

test('keys are sorted by UTF-16 code units (RFC 8785 section 3.2.3)', () => {
  const document = { '\u20ac': 1, '\r': 2, '\ufb33': 3, '1': 4, '\ud83d\ude00': 5, '\u0080': 6, '\u00f6': 7 }
  expect(Object.values(JSON.parse(canonicalBytes(document).toString('utf8')) as object)).toEqual([4, 2, 6, 7, 1, 5, 3])
})

test('a known digest', () => {
  expect(digestOf({})).toBe('sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a')
})

test('a document and its copy after a journey as JSON, in any order of keys, have one digest', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), (document) => {
      fc.pre(!Object.hasOwn(document, '__proto__'))
      const copy = Object.fromEntries(Object.entries(JSON.parse(JSON.stringify(document)) as object).toReversed())
      expect(digestOf(copy)).toBe(digestOf(document))
    }),
  )
})

test('different documents have different digests', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      expect(digestOf(a) === digestOf(b)).toBe(canonicalBytes(a).equals(canonicalBytes(b)))
    }),
  )
})

test.each([undefined, () => 1, Symbol('x')])('%s has no digest', (document) => {
  expect(() => digestOf(document)).toThrow(TypeError)
})

test.each([Number.NaN, Infinity, 'half a pair \ud800', { deep: [1n] }])('%o has no digest', (document) => {
  expect(() => digestOf(document)).toThrow(Error)
})

test('a short digest is the beginning of the digest, twelve digits of it', () => {
  const digest = digestOf('plan')
  expect(z.safeParse(Digest, digest).success).toBe(true)
  expect(shortDigest(digest)).toMatch(/^sha256:[0-9a-f]{12}$/)
  expect(digest.startsWith(shortDigest(digest))).toBe(true)
})
