import { expect, test } from 'vitest'
import { putHost, getHost } from '../store/hosts.ts'
import { openMemoryStore } from '../store/open-sqlite.ts'
import { openSeenHosts } from './seen-hosts.ts'

const digest = `sha256:${'0'.repeat(64)}` as const
const at = '2026-11-21T03:15:02.000Z'

async function storeWith(...hosts: readonly string[]) {
  const database = await openMemoryStore()
  for (const id of hosts)
    await putHost(database, {
      ...{ id, labels: {}, os: null, agentVersion: null, keyFingerprint: digest, certificateFingerprint: digest },
      ...{ certificateExpiresAt: at, ssh: null, enrolledAt: at, lastSeenAt: null },
    })
  return database
}

test('hosts that come at once are written down at once, and each is when it is told', async () => {
  const database = await storeWith('web-1', 'web-2')
  let transactions = 0
  const begin = database.transaction.bind(database)
  const counted = Object.assign(Object.create(database) as typeof database, {
    transaction: () => {
      transactions++
      return begin()
    },
  })
  const seen = openSeenHosts(counted)
  await Promise.all(['web-1', 'web-2'].map((host) => seen.saw(host, { at, os: 'Debian', agentVersion: '0.1.0' })))
  expect(transactions).toBe(1)
  expect(await getHost(database, 'web-1')).toMatchObject({ lastSeenAt: at, os: 'Debian', agentVersion: '0.1.0' })
  expect(await getHost(database, 'web-2')).toMatchObject({ lastSeenAt: at })
  await seen.saw('web-1', { at: '2026-11-21T03:16:02.000Z', os: 'Debian', agentVersion: '0.1.0' })
  expect(transactions).toBe(2)
})

test('what was told before the end is written, and what comes later is no error', async () => {
  const database = await storeWith('web-1')
  const seen = openSeenHosts(database)
  void seen.saw('web-1', { at, os: null, agentVersion: '0.2.0' })
  await seen.close()
  expect(await getHost(database, 'web-1')).toMatchObject({ lastSeenAt: at, agentVersion: '0.2.0' })
  await database.destroy()
  await seen.saw('web-1', { at, os: null, agentVersion: '0.3.0' })
})
