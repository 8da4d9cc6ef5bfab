import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeApiToken, isApiToken } from './api-token.ts'

const secrets = fc.uint8Array({ minLength: 32, maxLength: 32 })

test('a token is recognised by its prefix, and has one length', () => {
  fc.assert(fc.property(secrets, (secret) => /^fmt_[0-9A-Za-z]{49}$/.test(encodeApiToken(secret))))
  expect(encodeApiToken(new Uint8Array(32))).toBe(
    `fmt_${'0'.repeat(43)}${encodeApiToken(new Uint8Array(32)).slice(-6)}`,
  )
})

test('the largest secret fits, and two secrets never have the same token', () => {
  expect(encodeApiToken(new Uint8Array(32).fill(255))).toMatch(/^fmt_[0-9A-Za-z]{49}$/)
  fc.assert(
    fc.property(secrets, secrets, (one, other) => {
      expect(encodeApiToken(one) === encodeApiToken(other)).toBe(Buffer.from(one).equals(other))
    }),
  )
})

test('every token that was made is whole', () => {
  fc.assert(fc.property(secrets, (secret) => isApiToken(encodeApiToken(secret))))
})

test('one wrong character anywhere is noticed', () => {
  const digit = fc.constantFrom(...'09AZaz5Mm-_ .'.split(''))
  fc.assert(
    fc.property(secrets, fc.nat({ max: 52 }), digit, (secret, at, wrong) => {
      const token = encodeApiToken(secret)
      fc.pre(token[at] !== wrong)
      expect(isApiToken(token.slice(0, at) + wrong + token.slice(at + 1))).toBe(false)
    }),
  )
})

test.each([
  '',
  'fmt_',
  'fmj1.abc',
  encodeApiToken(new Uint8Array(32)).slice(0, -1),
  `${encodeApiToken(new Uint8Array(32))}\n`,
])('%j is no token', (text) => {
  expect(isApiToken(text)).toBe(false)
})
