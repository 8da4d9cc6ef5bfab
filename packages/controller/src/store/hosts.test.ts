import type { HostRecord } from '@fleetmend/shared'
import { beforeEach, describe, expect, test } from 'vitest'
import { stores } from '../../test/stores.ts'
import { getHost, hostsNotTrusting, labelHost, listHosts, putHost, sawHost } from './hosts.ts'
import type { Database } from './tables.ts'

const host: HostRecord = {
  id: 'web-1',
  labels: { role: 'web', 'example.com/rack': 'a7' },
  os: null,
  agentVersion: null,
  keyFingerprint: `sha256:${'a'.repeat(64)}`,
  certificateFingerprint: `sha256:${'b'.repeat(64)}`,
  certificateExpiresAt: '2026-11-22T03:15:02.000Z',
  ssh: null,
  enrolledAt: '2026-11-21T03:15:02.000Z',
  lastSeenAt: null,
}

const overSsh: HostRecord = {
  ...host,
  id: 'web-7',
  certificateFingerprint: null,
  certificateExpiresAt: null,
  ssh: {
    ...{ user: 'fleetmend', host: 'web-7.example', port: 22, hostKey: 'ssh-ed25519 AAAA' },
    jumps: [{ user: 'jump', host: 'bastion.example', port: 2222, hostKey: 'ssh-ed25519 BBBB' }],
  },
}

describe.each(stores)('over $store', ({ open }) => {
  let database: Database
  beforeEach(async () => {
    const opened = await open()
    database = opened.database
    await putHost(database, host)
    return opened.close
  })

  test('a host comes back as it was recorded, and an unknown one is none', async () => {
    expect(await getHost(database, 'web-1')).toEqual(host)
    expect(await getHost(database, 'web-2')).toBeNull()
  })

  test('hosts are listed by id', async () => {
    await putHost(database, { ...host, id: 'db-1' })
    expect((await listHosts(database)).map(({ id }) => id)).toEqual(['db-1', 'web-1'])
  })

  test('enrolling again replaces the record', async () => {
    await putHost(database, { ...host, labels: {} })
    expect(await listHosts(database)).toEqual([{ ...host, labels: {} }])
  })

  test('labels are replaced as a whole, and only on a host that is there', async () => {
    expect(await labelHost(database, 'web-1', { env: 'prod' })).toBe(true)
    expect((await getHost(database, 'web-1'))?.labels).toEqual({ env: 'prod' })
    expect(await labelHost(database, 'web-2', {})).toBe(false)
  })

  test('what a host says of itself when it connects is kept beside when that was', async () => {
    await sawHost(database, 'web-1', {
      at: '2026-11-21T04:00:00.000Z',
      os: 'Debian GNU/Linux 12 (bookworm)',
      agentVersion: '0.1.0',
    })
    expect(await getHost(database, 'web-1')).toEqual({
      ...host,
      lastSeenAt: '2026-11-21T04:00:00.000Z',
      os: 'Debian GNU/Linux 12 (bookworm)',
      agentVersion: '0.1.0',
    })
  })

  test('one that is reached over SSH comes back with its way, and has that no more once it dials out', async () => {
    await putHost(database, overSsh)
    expect(await getHost(database, 'web-7')).toEqual(overSsh)
    await putHost(database, { ...host, id: 'web-7' })
    expect(await getHost(database, 'web-7')).toEqual({ ...host, id: 'web-7' })
  })

  test('one that is reached over SSH shows no certificate, so that no authority has to wait for it', async () => {
    await putHost(database, overSsh)
    expect(await hostsNotTrusting(database, `sha256:${'c'.repeat(64)}`)).toEqual(['web-1'])
  })
})
