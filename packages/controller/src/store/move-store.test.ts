/** A store moved from a file into a real PostgreSQL and back, and what keeps it from being moved. */
import { systemTimers } from '@fleetmend/shared'
import { sql } from 'kysely'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { hasPostgres, makeDatabase } from '../../test/postgres.ts'
import { applying, at, startedWith } from '../../test/sample-run.ts'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { appendRecord } from './audit-records.ts'
import { contentOf, isEmptyStore, tableNames } from './copy-tables.ts'
import { moveStore } from './move-store.ts'
import { openStore, type StorePlace } from './open-store.ts'
import { runStore } from './runs.ts'
import type { Database, Tables } from './tables.ts'

const hosts = ['web-1', 'web-2', 'web-3']

/** In every table something, and more than fits into a page where it is many. */
async function fill(database: Database): Promise<void> {
  const store = runStore(database, { soleWriter: true })
  for (let n = 0; n < 230; n++) {
    const id = `r-20261121-031455-${n.toString(16).padStart(4, '0')}`
    const { run } = applying({ changes: { 'web-1': 'raise', 'web-2': 'lower', 'web-3': 'raise' }, canaries: ['web-3'] })
    const heldBack = [{ hosts: ['web-3'], says: 'It is night. \u{1F319}', behind: null }]
    const notes = [{ at, says: 'Zuerst „äöü“.' }]
    await store.create(
      { ...run, id, heldBack, notes },
      { ...startedWith(hosts), run: id },
      { owner: 'me', expiresMs: 0 },
    )
  }
  await database.transaction().execute(async (transaction) => {
    for (const host of hosts) await appendRecord(transaction, { type: 'host-removed', host, by: 'ana' }, at)
  })
  const run = 'r-20261121-031455-0000'
  const rows: { readonly [Name in keyof Tables]?: Tables[Name] } = {
    applies: { run, host: 'web-1', plan: 'sha256:1', report: '{"says":"1 > 0"}' },
    plans: { digest: 'sha256:1', host: 'web-1', record: '{}' },
    hosts_in_change: { host: 'web-1', run },
    hosts_given_up: { host: 'web-2', run },
    hosts: {
      ...{ id: 'web-1', labels: '{}', os: null, agent_version: null, key_fingerprint: 'k', ssh: null },
      ...{ certificate_fingerprint: null, certificate_expires_at: null, enrolled_at: at, last_seen_at: null },
      trusted_authorities: null,
    },
    join_tokens: {
      ...{ secret_hash: 'x', host: null, labels: '{}', made_by: 'a\0b', made_at: at, expires_at: at },
      ...{ used_at: null, used_by: null, used_from: null },
    },
    host_audits: { host: 'web-1', public_key: 'p', chain: 1, head: null, alarm: null },
    host_audit_records: { host: 'web-1', chain: 1, sequence: 1, at, run: null, record: '{}', hash: 'sha256:2' },
    api_tokens: {
      ...{ id: 't-1', secret_hash: 'y', name: 'ci', roles: 'operator', selector: null, read_only: 1, made_by: 'ana' },
      ...{ made_at: at, expires_at: null, last_used_at: null, revoked_at: null, revoked_by: null },
    },
    console_sessions: { secret_hash: 'z', token: 't-1', made_at: at, expires_at: at },
  }
  for (const [table, row] of Object.entries(rows))
    await database
      .insertInto(table as keyof Tables)
      .values(row)
      .execute()
}

async function withStore<Value>(place: StorePlace, work: (database: Database) => Promise<Value>): Promise<Value> {
  const store = await openStore(place)
  if (!store.ok) throw new Error(store.says)
  try {
    return await work(store.database)
  } finally {
    await store.database.destroy()
  }
}

const file = (): StorePlace => ({ folder: join(scratchFolder(), 'data'), timers: systemTimers })
async function inPostgres(): Promise<StorePlace> {
  const made = await makeDatabase()
  onTestFinished(() => made.drop())
  return { ...file(), databaseUrl: made.url }
}

const contents = (place: StorePlace) =>
  withStore(place, async (database) => {
    const each = await Promise.all(tableNames.map((table) => contentOf(database, table)))
    return Object.fromEntries(tableNames.map((table, n) => [table, each[n]]))
  })

describe.skipIf(!hasPostgres)('a store', () => {
  test('is moved into a PostgreSQL and back, every row of every table, and is what it was', async () => {
    const [from, database, back] = [file(), await inPostgres(), file()]
    await withStore(from, fill)
    const before = await contents(from)
    expect(Object.entries(before).filter(([, content]) => content?.rows === 0)).toEqual([])
    const run = await withStore(from, (store) => runStore(store, { soleWriter: true }).load('r-20261121-031455-0007'))

    const there = await moveStore(from, database)
    expect(there).toMatchObject({ ok: true, value: { rows: { runs: 230, run_events: 230, run_hosts: 690, hosts: 1 } } })
    expect(await contents(database)).toEqual(before)
    expect(await moveStore(database, back)).toEqual(there)
    expect(await contents(back)).toEqual(before)
    for (const place of [database, back])
      await withStore(place, async (store) => {
        expect(await runStore(store, { soleWriter: true }).load('r-20261121-031455-0007')).toEqual(run)
        // It goes on where it stood.
        const next = { ...startedWith(hosts), run: 'r-20261121-031455-ffff' }
        await runStore(store, { soleWriter: true }).create({ ...run!.run, id: next.run }, next, {
          owner: 'me',
          expiresMs: 0,
        })
        await expect(sql`delete from run_events`.execute(store)).rejects.toThrow('append-only')
      })
    // What was moved is still there.
    expect(await contents(from)).toEqual(before)
  })

  test('is not moved to where something is already', async () => {
    const [from, to] = [file(), await inPostgres()]
    await withStore(from, fill)
    await withStore(to, (database) =>
      database.insertInto('plans').values({ digest: 'sha256:1', host: 'web-9', record: '{}' }).execute(),
    )
    const before = await contents(to)
    expect(await moveStore(from, to)).toMatchObject({ ok: false, problem: { code: 'store-not-empty' } })
    expect(await contents(to)).toEqual(before)
  })

  test('is not moved while somebody uses it, or what it is to be moved to', async () => {
    const [from, to] = [file(), await inPostgres()]
    await withStore(from, fill)
    const inUse = { ok: false, problem: { code: 'database-in-use' } }
    await withStore(from, async () => expect(await moveStore(from, to)).toMatchObject(inUse))
    await withStore(to, async () => expect(await moveStore(from, to)).toMatchObject(inUse))
    await withStore(to, async (database) => expect(await isEmptyStore(database)).toBe(true))
  })

  test.each([
    { of: 'the history of runs', table: 'run_events', column: 'entry' },
    { of: 'the record of the controller', table: 'audit_records', column: 'record' },
  ])('of which $of was changed is not moved, and nothing of it arrives', async ({ table, column }) => {
    const [from, to] = [file(), await inPostgres()]
    await withStore(from, async (database) => {
      await fill(database)
      await sql.raw(`drop trigger ${table}_no_update`).execute(database)
      await sql.raw(`update ${table} set ${column} = replace(${column}, 'ana', 'eve')`).execute(database)
    })
    expect(await moveStore(from, to)).toMatchObject({
      ok: false,
      problem: { code: 'store-not-moved', detail: expect.stringContaining('computed over') as string },
    })
    await withStore(to, async (database) => expect(await isEmptyStore(database)).toBe(true))
  })
})

test('where there is none, nothing is moved, and none is made', async () => {
  const [from, to] = [file(), file()]
  expect(await moveStore(from, to)).toMatchObject({ ok: false, problem: { code: 'bad-input' } })
  expect([from, to].filter(({ folder }) => existsSync(join(folder, 'controller.sqlite')))).toEqual([])
})
