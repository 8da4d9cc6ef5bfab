import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { describe, expect, test } from 'vitest'
import { applied, applying, at, startedWith } from '../../test/sample-run.ts'
import { openForTest, stores } from '../../test/stores.ts'
import { transition } from '../runs/transition.ts'
import { migrations } from './migrations/registry.ts'
import { runStore } from './runs.ts'

const me = { owner: 'me', expiresMs: 1000 }
const { run } = applying({ changes: { 'web-1': 'raise', 'web-2': 'lower', 'web-3': 'raise', 'web-4': 'raise' } })

describe.each(stores)('over $store', ({ open, openBare }) => {
  test('an event writes the hosts that it changes, and no others', async () => {
    const database = await openForTest(open)
    const store = runStore(database, { soleWriter: true })
    await store.create(run, startedWith(run.hosts.map(({ id }) => id)), me)
    // Whatever is written anew loses this mark.
    await sql`update run_hosts set host = host || ' '`.execute(database)
    const event = applied('web-1', 'fixed')(run)
    const step = transition(run, event)
    if (!step.ok) throw new Error(step.problem.detail)
    const hosts = { begun: [], left: [], givenUp: [], known: [], limits: [], since: run }
    await store.save({ run: step.run, revision: 2 }, event, me, hosts)
    const rows = await database.selectFrom('run_hosts').select('host').orderBy('position').execute()
    const isKept = rows.map(({ host }) => host.endsWith(' '))
    // The canary itself, and those who follow it.
    expect(isKept).toEqual(run.hosts.map((host, n) => step.run.hosts[n] === host))
    expect(isKept.filter(Boolean).length).toBeGreaterThan(0)
    expect(await store.load(run.id)).toEqual({ run: step.run, revision: 2 })
  })

  test('runs from before hosts had rows of their own are what they were', async () => {
    const database = await openForTest(openBare)
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    expect((await migrator.migrateTo('0008-follows')).error).toBeUndefined()
    const other = { ...run, id: 'r-20261121-031455-0002', state: 'finished', endedAt: at } as const
    for (const each of [run, other])
      await sql`insert into runs (id, state, revision, snapshot, started_at, ended_at, lease_expires_ms)
      values (${each.id}, ${each.state}, 9, ${JSON.stringify(each)}, ${each.startedAt}, ${each.endedAt}, 0)`.execute(
        database,
      )
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    const store = runStore(database, { soleWriter: true })
    expect(await store.load(run.id)).toEqual({ run, revision: 9 })
    expect(await store.load(other.id)).toEqual({ run: other, revision: 9 })
    const { snapshot } = await database.selectFrom('runs').select('snapshot').executeTakeFirstOrThrow()
    expect(snapshot).not.toContain('web-')
  })
})
