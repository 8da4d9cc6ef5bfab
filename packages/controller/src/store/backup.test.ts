/** Copies of a store that is being written to, from either kind of store, opened again and held against what was there. */
import { execFileSync } from 'node:child_process'
import { globSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'

import { systemTimers } from '@fleetmend/shared'
import { describe, expect, onTestFinished, test } from 'vitest'
import { addressOf, hasPostgres, makeDatabase, migratedDatabase, opened } from '../../test/postgres.ts'
import { startedWith } from '../../test/sample-run.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { localCaller } from '../people/caller.ts'
import { begin } from '../runs/transition.ts'
import { recordsFrom } from './audit-records.ts'
import { backupService, type BackupPiece } from './backup.ts'
import { openStore, type Store } from './open-store.ts'
import { verifyChain } from './run-events.ts'
import { runStore } from './runs.ts'
import type { Database } from './tables.ts'

async function storeIn(folder: string): Promise<Store> {
  const store = await openStore({ folder, timers: systemTimers })
  if (!store.ok) throw new Error(store.says)
  onTestFinished(() => store.database.destroy())
  return store
}

/** Each with an event and a record, and more hosts in its name than fit into a page. */
async function writeRuns(database: Database, from: number, to: number): Promise<void> {
  const store = runStore(database, { soleWriter: false })
  const hosts = Array.from({ length: 40 }, (_, n) => `web-${n}.of.a.long.name.example`)
  for (let n = from; n < to; n++) {
    const first = { ...startedWith(hosts), run: `r-20261121-031455-${n.toString(16).padStart(4, '0')}` }
    await store.create(begin(first).run, first, { owner: 'me', expiresMs: 0 })
  }
}

async function headOf(database: Database) {
  const chain = await verifyChain(database)
  expect(chain).toMatchObject({ ok: true })
  return chain.ok ? chain : { events: 0, head: null }
}

/** What is in the copy is the beginning of what is in the store, and no less than was there when it was asked for. */
async function isBeginning(copy: Database, store: Database, atLeast: number): Promise<void> {
  const [inCopy, inStore] = [await headOf(copy), await headOf(store)]
  expect(inCopy.events).toBeGreaterThanOrEqual(atLeast)
  const all = await recordsFrom(store, 1, 10_000)
  expect(await recordsFrom(copy, 1, 10_000)).toEqual(all.slice(0, inCopy.events))
  expect(inStore.events).toBe(all.length)
}

async function bytesOf(store: Store, folder: string): Promise<Buffer> {
  const answer = await backupService({ folder, store }, localCaller).backup()
  if (!answer.ok) throw new Error(answer.problem.detail)
  const pieces: Buffer[] = []
  for await (const piece of answer.value) if (piece.bytes !== null) pieces.push(Buffer.from(piece.bytes, 'base64'))
  return Buffer.concat(pieces)
}

describe('a file', () => {
  test('is copied while it is written to, and the copy is whole', async () => {
    const folder = scratchFolder()
    const store = await storeIn(folder)
    await writeRuns(store.database, 0, 150)
    const [bytes] = await Promise.all([bytesOf(store, folder), writeRuns(store.database, 150, 300)])
    const elsewhere = scratchFolder()
    mkdirSync(elsewhere, { mode: 0o700 })
    writeFileSync(join(elsewhere, 'controller.sqlite'), bytes, { mode: 0o600 })
    await isBeginning((await storeIn(elsewhere)).database, store.database, 150)
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
  })

  test('ends with what it must come to', async () => {
    const folder = scratchFolder()
    const answer = await backupService({ folder, store: await storeIn(folder) }, localCaller).backup()
    if (!answer.ok) throw new Error(answer.problem.detail)
    const pieces: BackupPiece[] = []
    for await (const piece of answer.value) pieces.push(piece)
    const sizeBytes = pieces.reduce((sum, { bytes }) => sum + Buffer.from(bytes ?? '', 'base64').length, 0)
    expect(pieces.at(-1)).toMatchObject({ bytes: null, sizeBytes })
  })

  test('that is half written by a controller that was killed goes at the next start', async () => {
    const folder = scratchFolder()
    mkdirSync(folder, { mode: 0o700 })
    const left = join(folder, 'backup-0123456789ab.unfinished')
    writeFileSync(left, 'half')
    writeFileSync(join(folder, 'backup-of-mine'), 'whole')
    await storeIn(folder)
    expect(readdirSync(folder)).not.toContain('backup-0123456789ab.unfinished')
    expect(statSync(join(folder, 'backup-of-mine')).size).toBe(5)
  })

  test('that cannot be written is said, and leaves nothing behind', async () => {
    const folder = scratchFolder()
    const store = await storeIn(folder)
    const broken = {
      snapshot: async () =>
        Promise.reject(Object.assign(new Error('database or disk is full'), { code: 'ERR_SQLITE_ERROR' })),
    }
    expect(await backupService({ folder, store: broken }, localCaller).backup()).toMatchObject({
      ok: false,
      problem: { code: 'backup-failed', detail: expect.stringContaining('disk is full') },
    })
    expect(readdirSync(folder).filter((name) => name.startsWith('backup'))).toEqual([])
    await store.database.destroy()
  })

  test('is for nobody whose token is for a part of the fleet', async () => {
    const caller = { ...localCaller, powers: { ...localCaller.powers, selector: 'env=prod' } }
    const folder = dirname(scratchFolder())
    expect(await backupService({ folder, store: { snapshot: null } }, caller).backup()).toMatchObject({
      ok: false,
      problem: { code: 'not-permitted' },
    })
  })
})

describe.skipIf(!hasPostgres)('PostgreSQL', () => {
  test('is copied by pg_dump while it is written to, and pg_restore puts it back', async () => {
    const made = await migratedDatabase()
    const restored = await makeDatabase()
    const database = await opened(made.address)
    await writeRuns(database, 0, 60)
    const file = join(dirname(scratchFolder()), 'fleetmend.dump')
    const program = (name: string) => globSync(`/usr/lib/postgresql/*/bin/${name}`).at(-1) ?? name
    const as = ['--host', made.address.host, '--username', 'postgres']
    const writing = writeRuns(database, 60, 120)
    execFileSync(program('pg_dump'), [...as, '--format=custom', `--file=${file}`, made.name])
    await writing
    execFileSync(program('pg_restore'), [...as, '--exit-on-error', `--dbname=${restored.name}`, file])
    const copy = await opened(addressOf(restored.url))
    await isBeginning(copy, database, 60)
    // It is as append-only as it was.
    await expect(copy.deleteFrom('run_events').execute()).rejects.toThrow('append-only')
    await copy.destroy()
    await database.destroy()
    await made.drop()
    await restored.drop()
  })

  test('is said to have its own way', async () => {
    const folder = dirname(scratchFolder())
    expect(await backupService({ folder, store: { snapshot: null } }, localCaller).backup()).toMatchObject({
      ok: false,
      problem: { code: 'not-offered', detail: expect.stringContaining('pg_dump') },
    })
  })
})
