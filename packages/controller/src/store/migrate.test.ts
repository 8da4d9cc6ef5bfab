/** What holds of the schema and its transactions, whatever the store is kept in. */
import { sql, type Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, test } from 'vitest'
import { sampleJoinToken } from '../../test/sample-join-token.ts'
import { openForTest, stores } from '../../test/stores.ts'
import { migrate } from './migrate.ts'
import { migrations } from './migrations/registry.ts'
import type { Database } from './tables.ts'

describe.each(stores)('over $store', ({ open, openBare }) => {
  describe('the dialect', () => {
    test('rolls back a migration that fails, schema and all', async () => {
      const database = await openForTest(openBare)
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
      const database = await openForTest(open)
      const put = (secret_hash: string, fails: boolean) =>
        database.transaction().execute(async (transaction) => {
          await transaction
            .insertInto('join_tokens')
            .values({ ...sampleJoinToken, secret_hash })
            .execute()
          if (fails) throw new Error('no')
        })
      const settled = await Promise.allSettled([put('a', false), put('b', true), put('c', false)])
      expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled'])
      expect(
        (await database.selectFrom('join_tokens').select('secret_hash').execute()).map((row) => row.secret_hash),
      ).toEqual(['a', 'c'])
    })

    test.each([{ value: new Date() }, { value: { labels: 1 } }, { value: ['a'] }])(
      'refuses to store $value rather than store NULL',
      async ({ value }) => {
        const database = await openForTest(open)
        await expect(sql`select ${value}`.execute(database)).rejects.toThrow('cannot be stored as it is')
      },
    )
  })

  test('hosts that were there before hosts could be reached over SSH dial out as they did', async () => {
    const database = await openForTest(openBare)
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
    const database = await openForTest(openBare)
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

  test('a schema that a newer version has written is left alone', async () => {
    const database = await openForTest(open)
    await sql`insert into kysely_migration (name, timestamp) values ('0999-later', '2027-01-01T00:00:00.000Z')`.execute(
      database,
    )
    expect(await migrate(database)).toMatchObject({
      ok: false,
      says: expect.stringMatching(/newer version.*0999-later/s),
    })
  })

  test('numbers are numbers, counts too, up to what an epoch needs', async () => {
    const database = await openForTest(open)
    await sql`insert into runs (id, state, revision, snapshot, started_at, lease_expires_ms)
    values ('r-1', 'finished', 7, '{}', 'then', 1795303502000)`.execute(database)
    const row = await database.selectFrom('runs').select(['revision', 'lease_expires_ms']).executeTakeFirst()
    expect({ ...row }).toEqual({ revision: 7, lease_expires_ms: 1795303502000 })
    const counted = await database
      .selectFrom('runs')
      .select(({ fn }) => fn.countAll<number>().as('all'))
      .executeTakeFirst()
    expect(counted?.all).toBe(1)
  })

  test('texts are in the order of their bytes, whatever the language of the database', async () => {
    const database = await openForTest(open)
    const names = [
      'web-10',
      'Web-2',
      'web-2',
      'web1',
      'äpfel',
      'web-1',
      '2026-11-21T04:00:00.000Z',
      '2026-11-21T04:00:00Z',
    ]
    for (const host of names)
      await database
        .insertInto('hosts_in_change')
        .values({ host, run: await aRun(database) })
        .execute()
    const rows = await database.selectFrom('hosts_in_change').select('host').orderBy('host').execute()
    expect(rows.map(({ host }) => host)).toEqual(names.toSorted())
  })

  test('a word of a host with a NUL in it does not stand in the way', async () => {
    const database = await openForTest(open)
    await database
      .insertInto('join_tokens')
      .values({ ...sampleJoinToken, made_by: 'a\0b' })
      .execute()
    const row = await database.selectFrom('join_tokens').select('made_by').executeTakeFirst()
    expect(row?.made_by).toMatch(/^a/)
  })
})

async function aRun(database: Database): Promise<string> {
  await sql`insert into runs (id, state, revision, snapshot, started_at, lease_expires_ms)
    values ('r-1', 'finished', 1, '{}', 'then', 0) on conflict do nothing`.execute(database)
  return 'r-1'
}
