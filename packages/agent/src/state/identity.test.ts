import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { readIdentity, writeIdentity, type Identity } from './identity.ts'
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
  ['that ends never', JSON.stringify({ ...identity, expiresAt: 'never' })],
])('what is damaged is not used: %s', async (_is, text) => {
  await using folder = await temporaryState()
  await writeFile(join(folder.state.sealed, 'identity.json'), text)
  expect(readIdentity(folder.state)).toMatchObject({ ok: false, says: expect.stringContaining('enrol --again') })
})
