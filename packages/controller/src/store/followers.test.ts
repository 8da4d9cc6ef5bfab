import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, test } from 'vitest'
import { startedWith } from '../../test/sample-run.ts'
import { openForTest, stores } from '../../test/stores.ts'
import { begin } from '../runs/transition.ts'
import { migrations } from './migrations/registry.ts'
import { listFollowers, runStore } from './runs.ts'

const first = 'r-20261121-031455-41bd'
const lease = { owner: 'here', expiresMs: 0 }

describe.each(stores)('over $store', ({ open, openBare }) => {
  test('a run knows which runs took up its hosts, and how far they are', async () => {
    const database = await openForTest(open)
    const store = runStore(database, { soleWriter: true })
    const create = async (run: string, at: string, follows?: Parameters<typeof startedWith>[1]) => {
      const started = startedWith(['web-1'], { run, at, ...follows })
      await store.create(begin(started).run, started, lease)
    }
    await create(first, '2026-11-21T03:14:55.000Z')
    await create('r-20261121-040000-0002', '2026-11-21T04:00:00.000Z', { follows: { run: first, as: 'rollback' } })
    await create('r-20261121-033000-0001', '2026-11-21T03:30:00.000Z', { follows: { run: first, as: 'retry' } })
    await create('r-20261121-041000-0003', '2026-11-21T04:10:00.000Z')
    expect(await listFollowers(database, first)).toEqual([
      { run: 'r-20261121-033000-0001', as: 'retry', state: 'planning' },
      { run: 'r-20261121-040000-0002', as: 'rollback', state: 'planning' },
    ])
    expect(await listFollowers(database, 'r-20261121-041000-0003')).toEqual([])
  })

  test('runs from before this was kept apart are found as well', async () => {
    const database = await openForTest(openBare)
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    expect((await migrator.migrateTo('0007-hosts-in-change')).error).toBeUndefined()
    for (const [id, follows] of [
      ['r-20261121-040000-0002', { run: first, as: 'retry' }],
      ['r-20261121-041000-0003', null],
    ] as const)
      await sql`insert into runs (id, state, revision, snapshot, started_at, ended_at, lease_expires_ms)
      values (${id}, 'finished', 1, ${JSON.stringify({ follows })}, 'then', 'then', 0)`.execute(database)
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    expect(await listFollowers(database, first)).toEqual([
      { run: 'r-20261121-040000-0002', as: 'retry', state: 'finished' },
    ])
  })
})
