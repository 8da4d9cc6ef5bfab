import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { reachedIdentity, readIdentity, readMembership, writeIdentity, type Identity } from './identity.ts'
import { temporaryState } from './temporary-state.ts'

const identity: Identity = {
  format: 'fleetmend.identity/1',
  host: 'web-7.example.org',
  fleet: 'shop',
  url: 'wss://controller.example:7443',
  key: 'a key',
  certificate: 'a certificate',
  authority: 'an authority',
  issuedAt: '2026-11-21T03:11:00.000Z',
  expiresAt: '2026-11-22T03:11:00.000Z',
}

test('who a host is comes back as it was kept, and a host of no fleet is nobody', async () => {
  await using folder = await temporaryState()
  expect(readIdentity(folder.state)).toEqual({ ok: true, value: null })
  await writeIdentity(folder.state, identity)
  expect(readIdentity(folder.state)).toEqual({ ok: true, value: identity })
})

test('a host whose controller comes to it has a name, a fleet and a key, and nobody to dial', async () => {
  await using folder = await temporaryState()
  const reached = reachedIdentity('web-7', 'b7d8')
  await writeIdentity(folder.state, reached)
  expect(readMembership(folder.state)).toEqual({ ok: true, value: reached })
  expect(readIdentity(folder.state)).toEqual({ ok: true, value: null })
  expect(reached.key).toMatch(/^-----BEGIN PRIVATE KEY-----/)
})

const { key: _, ...withoutKey } = identity

test.each([
  ['no JSON', '{'],
  ['a text', '"web-7"'],
  ['nothing', 'null'],
  ['of another format', JSON.stringify({ ...identity, format: 'fleetmend.identity/2' })],
  ['without a key', JSON.stringify(withoutKey)],
  ['with an empty certificate', JSON.stringify({ ...identity, certificate: '' })],
  ['of a host that cannot be', JSON.stringify({ ...identity, host: 'Web 7' })],
  ['with a number for a name', JSON.stringify({ ...identity, fleet: 7 })],
  ['without a key, where nobody is dialled', JSON.stringify({ ...withoutKey, format: 'fleetmend.reached-identity/1' })],
  ['that ends never', JSON.stringify({ ...identity, expiresAt: 'never' })],
])('what is damaged is not used: %s', async (_is, text) => {
  await using folder = await temporaryState()
  await writeFile(join(folder.state.sealed, 'identity.json'), text)
  expect(readIdentity(folder.state)).toMatchObject({ ok: false, says: expect.stringContaining('enrol --again') })
})
