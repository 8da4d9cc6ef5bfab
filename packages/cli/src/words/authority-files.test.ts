import { expect, test } from 'vitest'
import { authoritiesIn } from './authority-files.ts'

const now = { caCert: 'ca.pem', caKey: 'ca.key' }
const next = { nextCaCert: 'next.pem', nextCaKey: 'next.key' }

test.each([
  { given: {}, value: {} },
  { given: now, value: { now: { certificate: 'ca.pem', key: 'ca.key' } } },
  { given: next, value: { next: { certificate: 'next.pem', key: 'next.key' } } },
  {
    given: { ...now, ...next },
    value: { now: { certificate: 'ca.pem', key: 'ca.key' }, next: { certificate: 'next.pem', key: 'next.key' } },
  },
])('$given names the files of $value', ({ given, value }) => {
  expect(authoritiesIn(given)).toEqual({ ok: true, value })
})

test.each([
  { given: { caCert: 'ca.pem' }, says: '--ca-cert and --ca-key belong together' },
  { given: { caKey: 'ca.key' }, says: '--ca-cert and --ca-key belong together' },
  { given: { ...now, nextCaCert: 'next.pem' }, says: '--next-ca-cert and --next-ca-key belong together' },
])('$given is half of one', ({ given, says }) => {
  expect(authoritiesIn(given)).toMatchObject({
    ok: false,
    problem: { code: 'usage', detail: expect.stringContaining(says) as string },
  })
})
