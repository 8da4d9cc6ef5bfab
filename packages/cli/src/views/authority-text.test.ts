import type { FleetAuthority } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { authorityText } from './authority-text.ts'

const now = { fingerprint: `sha256:${'1'.repeat(64)}`, expiresAt: '2036-11-18T03:15:02.000Z' } as const
const next = {
  fingerprint: `sha256:${'2'.repeat(64)}`,
  expiresAt: '2036-12-18T03:15:02.000Z',
  madeAt: '2026-12-21T03:15:02.000Z',
} as const
const fleet: FleetAuthority = { fleet: '0123456789ab', now, next: null, notYet: [] }

test('one alone is shown with its end', () => {
  expect(authorityText(fleet)).toBe(
    `The certificate authority of the fleet 0123456789ab is ${now.fingerprint}, good until ${now.expiresAt}.\nIt is the only one.\n`,
  )
})

test('hosts that do not trust the next one yet are named, as far as a screen holds them', () => {
  expect(authorityText({ ...fleet, next, notYet: ['web-1'] })).toMatch(/\n1 host does not .*:\n {4}web-1\n$/)
  const many = Array.from({ length: 25 }, (_, index) => `web-${index}`)
  expect(authorityText({ ...fleet, next, notYet: many })).toMatch(/25 hosts do not .* {4}web-19\n {4}and 5 more\n$/s)
})

test('when all of them do, what comes next is said with its command', () => {
  expect(authorityText({ ...fleet, next })).toMatch(
    /Every host trusts .*\n {4}fleetmend controller renew-ca --finish\n$/s,
  )
})
