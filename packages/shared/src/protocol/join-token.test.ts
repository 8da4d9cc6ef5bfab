import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeJoinToken, encodeJoinToken, type JoinToken } from './join-token.ts'

const token: JoinToken = {
  url: 'wss://controller.example:7443',
  fingerprint: `sha256:${'ab'.repeat(32)}`,
  secret: 'A'.repeat(43),
}
const text = encodeJoinToken(token)

test('a token is one word that can be pasted anywhere, and reads back as it was', () => {
  expect(text).toMatch(/^fmj1\.[A-Za-z0-9_-]+$/)
  expect(decodeJoinToken(text)).toEqual({ ok: true, value: token })
  expect(decodeJoinToken(` ${text}\n`)).toEqual({ ok: true, value: token })
})

test.each([
  { name: 'something else', pasted: 'hello', says: 'does not begin with' },
  { name: 'nothing', pasted: '', says: 'does not begin with' },
  {
    name: 'a token of a later format',
    pasted: text.replace('fmj1.', 'fmj2.'),
    says: 'not one that this version knows',
  },
  { name: 'the first half of a token', pasted: text.slice(0, 60), says: 'damaged' },
  {
    name: 'a token with a character in the middle that no token has',
    pasted: `${text.slice(0, 20)} ${text.slice(20)}`,
    says: 'characters',
  },
  { name: 'far too much', pasted: text.padEnd(5000, 'A'), says: 'too many' },
  { name: 'an address without TLS', pasted: tokenWith({ ...token, url: 'ws://controller.example' }), says: 'damaged' },
  { name: 'a field that nobody knows', pasted: tokenWith({ ...token, command: 'reboot' }), says: 'damaged' },
])('$name is refused with what to do', ({ pasted, says }) => {
  const read = decodeJoinToken(pasted)
  expect(read).toMatchObject({ ok: false, problem: { code: 'bad-token', detail: expect.stringContaining(says) } })
  expect(read).toMatchObject({ problem: { detail: expect.stringContaining('fleetmend hosts invite') } })
})

describe('whatever is pasted', () => {
  test('is answered, and the answer never repeats it', () => {
    fc.assert(
      fc.property(fc.string({ minLength: 20 }), (noise) => {
        const read = decodeJoinToken(`fmj1.${noise}`)
        expect(read.ok || !read.problem.detail.includes(noise)).toBe(true)
      }),
    )
  })
})

function tokenWith(fields: Record<string, string>): string {
  return `fmj1.${Buffer.from(JSON.stringify(fields)).toString('base64url')}`
}
