import { chmodSync, mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, onTestFinished, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { nodeSqliteDialect } from './dialect.ts'
import { migrations } from './migrations/registry.ts'
import { openMemoryStore, openStore } from './open-store.ts'
import type { Database, Tables } from './tables.ts'

async function opened(folder: string): Promise<Database> {
  const store = await openStore(folder)
  if (!store.ok) throw new Error(store.says)
  onTestFinished(() => store.database.destroy())
  return store.database
}

const token = {
  secret_hash: 'x',
  host: null,
  labels: '{}',
  made_by: 'ana',
  made_at: 'now',
  expires_at: 'later',
  used_at: null,
  used_by: null,
}

describe('the folder', () => {
  test('and every file in it are for their owner alone', async () => {
    const folder = scratchFolder()
    const database = await opened(folder)
    await database.insertInto('join_tokens').values(token).execute()
    expect(statSync(folder).mode & 0o777).toBe(0o700)
    const files = readdirSync(folder)
    expect(files).toContain('controller.sqlite-wal')
    expect(files.map((name) => statSync(join(folder, name)).mode & 0o777)).toEqual(files.map(() => 0o600))
  })

  test('that others can look into is refused, and nothing is put there', async () => {
    const folder = scratchFolder()
    mkdirSync(folder, { mode: 0o755 })
    chmodSync(folder, 0o755)
    expect(await openStore(folder)).toMatchObject({ ok: false, says: expect.stringContaining(`chmod 700 ${folder}`) })
    expect(readdirSync(folder)).toEqual([])
  })

  test('that cannot be is refused in words', async () => {
    const file = scratchFolder()
    writeFileSync(file, '')
    expect(await openStore(join(file, 'state'))).toMatchObject({ ok: false, says: expect.stringContaining('ENOTDIR') })
  })
})

describe('the file', () => {
  test("is one controller's at a time", async () => {
    const folder = scratchFolder()
    const first = await opened(folder)
    expect(await openStore(folder)).toMatchObject({
      ok: false,
      says: expect.stringContaining('another controller is using it'),
    })
    await first.destroy()
    expect(await opened(folder)).toBeDefined()
  })

  test('keeps what was written, synced to disk at every commit', async () => {
    const folder = scratchFolder()
    const first = await opened(folder)
    await first.insertInto('join_tokens').values(token).execute()
    await first.destroy()
    const second = await opened(folder)
    expect(await second.selectFrom('join_tokens').select('made_by').execute()).toEqual([{ made_by: 'ana' }])
    const settings = await Promise.all(
      ['journal_mode', 'synchronous', 'foreign_keys'].map((name) =>
        sql<Record<string, unknown>>`pragma ${sql.raw(name)}`.execute(second),
      ),
    )
    // `synchronous` 2 is FULL (sqlite.org/pragma.html).
    expect(settings.map(({ rows }) => Object.values(rows[0]!)[0])).toEqual(['wal', 2, 1])
  })

  test('that is something else is refused and left alone', async () => {
    const folder = scratchFolder()
    mkdirSync(folder, { mode: 0o700 })
    writeFileSync(
      join(folder, 'controller.sqlite'),
      'not a database, and longer than the header of one would be: '.repeat(20),
    )
    expect(await openStore(folder)).toMatchObject({ ok: false, says: expect.stringContaining('not a database') })
  })
})

describe('the dialect', () => {
  test('rolls back a migration that fails, schema and all', async () => {
    const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(new DatabaseSync(':memory:')) })
    onTestFinished(() => database.destroy())
    const broken = {
      up: async (db: Kysely<unknown>) => {
        await db.schema.createTable('half').addColumn('id', 'integer').execute()
        throw new Error('in the middle')
      },
    }
    const migrator = new Migrator({
      db: database,
      provider: { getMigrations: async () => ({ '0001-broken': broken }) },
    })
    expect((await migrator.migrateToLatest()).error).toMatchObject({ message: 'in the middle' })
    expect((await database.introspection.getTables()).map(({ name }) => name)).not.toContain('half')
  })

  test('runs transactions one after the other, and one that fails takes only its own writes back', async () => {
    const database = await openMemoryStore()
    onTestFinished(() => database.destroy())
    const put = (secret_hash: string, fails: boolean) =>
      database.transaction().execute(async (transaction) => {
        await transaction
          .insertInto('join_tokens')
          .values({ ...token, secret_hash })
          .execute()
        if (fails) throw new Error('no')
      })
    const settled = await Promise.allSettled([put('a', false), put('b', true), put('c', false)])
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
    expect(
      (await database.selectFrom('join_tokens').select('secret_hash').execute()).map((row) => row.secret_hash),
    ).toEqual(['a', 'c'])
  })

  test.each([{ value: new Date() }, { value: true }, { value: { labels: 1 } }])(
    'refuses to store $value rather than store NULL',
    async ({ value }) => {
      const database = await openMemoryStore()
      onTestFinished(() => database.destroy())
      await expect(sql`select ${value}`.execute(database)).rejects.toThrow('cannot be stored as it is')
    },
  )
})

test('hosts that were there before hosts could be reached over SSH dial out as they did', async () => {
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(new DatabaseSync(':memory:')) })
  onTestFinished(() => database.destroy())
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
  expect((await migrator.migrateTo('0005-lines')).error).toBeUndefined()
  const before = {
    ...{ id: 'web-1', labels: '{"role":"web"}', os: 'Debian', agent_version: '0.1.0', key_fingerprint: 'k' },
    ...{ certificate_fingerprint: 'c', certificate_expires_at: 'e', enrolled_at: 'then', last_seen_at: 'now' },
    trusted_authorities: '[]',
  }
  await sql`insert into hosts ${sql.raw(`(${Object.keys(before).join(', ')})`)} values (${sql.join(Object.values(before))})`.execute(
    database,
  )
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(await database.selectFrom('hosts').selectAll().execute()).toEqual([{ ...before, ssh: null }])
})

test('hosts that were in change before it was kept apart are in change afterwards', async () => {
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(new DatabaseSync(':memory:')) })
  onTestFinished(() => database.destroy())
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
  expect((await migrator.migrateTo('0006-ssh-hosts')).error).toBeUndefined()
  const snapshot = (...states: readonly string[]) =>
    JSON.stringify({ hosts: states.map((state, n) => ({ id: `web-${n}`, state })) })
  for (const [id, states, ended] of [
    ['r-1', ['applying', 'waiting', 'lost'], null],
    ['r-2', ['planned', 'applying'], 'then'],
  ] as const)
    await sql`insert into runs (id, state, revision, snapshot, started_at, ended_at, lease_expires_ms)
      values (${id}, 'applying', 1, ${snapshot(...states)}, 'then', ${ended}, 0)`.execute(database)
  expect((await migrator.migrateToLatest()).error).toBeUndefined()
  expect(await database.selectFrom('hosts_in_change').selectAll().orderBy('host').execute()).toEqual([
    { host: 'web-0', run: 'r-1' },
    { host: 'web-2', run: 'r-1' },
  ])
})
