import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { movedClock, type MovedClock } from '../../test/moved-clock.ts'
import { authorityMaker } from '../../test/openssl-authority.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { hostTrusts, putHost } from '../store/hosts.ts'
import { openMemoryStore } from '../store/open-sqlite.ts'
import { openPrivateFolder } from '../store/private-folder.ts'
import type { Database } from '../store/tables.ts'
import { openCertificateAuthority, type CertificateAuthority } from './certificate-authority.ts'
import { keepAuthority, type AuthorityKeeper } from './keep-authority.ts'

const hourMs = 60 * 60_000
const dayMs = 24 * hourMs
const yearMs = 365 * dayMs

let clock: MovedClock
let database: Database
let authority: CertificateAuthority
let keeper: AuthorityKeeper
let said: string[]
beforeEach(async () => {
  clock = movedClock()
  database = await openMemoryStore()
  const folder = scratchFolder()
  await openPrivateFolder(folder)
  const opened = await openCertificateAuthority(folder, clock.nowMs())
  if (!opened.ok) throw new Error(opened.says)
  authority = opened.value
  said = []
  keeper = keepAuthority({ database, authority, clock, log: (line) => said.push(line) })
  onTestFinished(async () => {
    await keeper.close()
    await database.destroy()
  })
})

/** The keeper wakes, does what is due, and sleeps again. */
async function pass(ms: number): Promise<void> {
  await asleep()
  clock.pass(ms)
  await asleep()
}

async function asleep(): Promise<void> {
  while (clock.sleeping() === 0) await new Promise((resolve) => setImmediate(resolve))
}

async function host(id: string): Promise<void> {
  const digest = `sha256:${'0'.repeat(64)}` as const
  const at = '2026-11-21T03:15:02.000Z'
  await putHost(database, {
    id,
    labels: {},
    os: null,
    agentVersion: null,
    keyFingerprint: digest,
    certificateFingerprint: digest,
    certificateExpiresAt: at,
    ssh: null,
    enrolledAt: at,
    lastSeenAt: null,
  })
}

const trust = (id: string) => hostTrusts(database, id, [authority.next?.fingerprint ?? authority.fingerprint])

describe('an authority in its life', () => {
  test('is left alone for two thirds of it, and then the next one is made', async () => {
    await pass(6 * yearMs)
    expect(authority.next).toBeNull()
    await pass(yearMs)
    expect(authority.next).not.toBeNull()
    expect(said.at(-1)).toMatch(/^authority: sha256:[0-9a-f]+ is to follow sha256:/)
  })

  test('is dropped when every host trusts the next one, and not before a week is over', async () => {
    await host('web-1')
    await host('web-2')
    await keeper.renew('ana')
    const next = authority.next?.fingerprint
    await trust('web-1')
    await pass(8 * dayMs)
    expect(authority.fingerprint).not.toBe(next)
    expect(await keeper.show()).toMatchObject({ notYet: ['web-2'] })
    await trust('web-2')
    await pass(hourMs)
    expect(authority.fingerprint).toBe(next)
    expect(await keeper.show()).toMatchObject({ next: null, notYet: [] })
  })

  test('is kept for a week even where every host trusts the next one: join tokens name it', async () => {
    await keeper.renew('ana')
    await pass(6 * dayMs)
    expect(authority.next).not.toBeNull()
    await pass(2 * dayMs)
    expect(authority.next).toBeNull()
  })

  test('is dropped in its last week, whoever has not heard of the next one by then', async () => {
    await host('web-1')
    await keeper.renew('ana')
    await pass(10 * yearMs - 6 * dayMs)
    expect(authority.next).toBeNull()
  })

  test('is on record with each change, and by whom', async () => {
    await keeper.renew('ana')
    await keeper.finish('ben', false)
    const rows = await database.selectFrom('audit_records').select(['type', 'by']).orderBy('sequence').execute()
    expect(rows).toEqual([
      { type: 'authority-changed', by: 'ana' },
      { type: 'authority-changed', by: 'ben' },
    ])
  })
})

test('one that was given by its files is not replaced by itself: a person is told once, in time', async () => {
  await keeper.close()
  const folder = scratchFolder()
  await openPrivateFolder(folder)
  const files = authorityMaker(`${folder}/company`).root('company')
  const opened = await openCertificateAuthority(folder, clock.nowMs(), { now: files })
  if (!opened.ok) throw new Error(opened.says)
  keeper = keepAuthority({ database, authority: opened.value, clock, log: (line) => said.push(line) })
  await pass(21 * dayMs)
  await pass(hourMs)
  expect(said).toEqual([expect.stringMatching(/^the certificate authority ends at 20.*: .*--next-ca-cert/)])
})
