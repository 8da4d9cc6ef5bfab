import type { Run } from '@fleetmend/shared'
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { possibleEvents } from '../../test/possible-events.ts'
import { applied, applying, at, sampleChanges, startedWith } from '../../test/sample-run.ts'
import { openForTest, stores } from '../../test/stores.ts'
import type { RunEvent } from '../runs/run-event.ts'
import type { RunStore, StoredRun } from '../runs/run-store.ts'
import { begin, transition } from '../runs/transition.ts'
import { calledHosts } from '../runs/waves.ts'
import { migrations } from './migrations/registry.ts'
import { runStore } from './runs.ts'
import type { Database } from './tables.ts'

const me = { owner: 'me', expiresMs: 1000 }
const names = Array.from({ length: 8 }, (_, n) => `web-${n}`)
const started = startedWith(names, {
  canaries: ['web-7', 'web-3'],
  limits: { stopAtFailures: 9, groupsAtOnce: 9, approvalsNeeded: 1 },
})

async function step(store: RunStore, { run, revision }: StoredRun, event: RunEvent): Promise<StoredRun> {
  const moved = transition(run, event)
  if (!moved.ok) throw new Error(moved.problem.detail)
  const next = { run: moved.run, revision: revision + 1 }
  const hosts = { begun: [], left: [], givenUp: [], known: [], limits: [], since: run }
  expect((await store.save(next, event, me, hosts)).kind).toBe('saved')
  return next
}

describe.each(stores)('over $store', ({ open, openBare }) => {
  test('whatever happens to a run, it is read as it is', async () => {
    const database = await openForTest(open)
    const store = runStore(database, { soleWriter: true })
    let count = 0
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom(...sampleChanges), { minLength: names.length, maxLength: names.length }),
        fc.constantFrom(undefined, 'promote' as const, { wellForMs: 60_000 }),
        fc.array(fc.nat(), { minLength: 30, maxLength: 50 }),
        async (wanted, between, picks) => {
          const changes = Object.fromEntries(names.map((name, n) => [name, wanted[n] ?? 'raise']))
          const id = `r-20261121-031455-${String(count++).padStart(4, '0')}`
          const waves = { canaryHosts: 1, batchHosts: 2, ...(between === undefined ? {} : { between }) }
          const first = { ...started, run: id, waves }
          let stored: StoredRun = { run: begin(first).run, revision: 1 }
          await store.create(stored.run, first, me)
          for (const pick of picks) {
            const { run } = stored
            const isFar = (event: RunEvent): boolean => pick % 16 === 0 || !ends.has(event.type)
            const fitting = possibleEvents(run, changes).filter((each) => isFar(each) && transition(run, each).ok)
            const event = fitting[pick % Math.max(fitting.length, 1)]
            if (!event) break
            stored = await step(store, stored, event)
            expect(await store.load(id)).toEqual(stored)
          }
        },
      ),
      { numRuns: 12 },
    )
  })

  test('an event writes the groups and the held back that it changes, and no others', async () => {
    const database = await openForTest(open)
    const store = runStore(database, { soleWriter: true })
    const changes = Object.fromEntries(names.map((name, n) => [name, n < 4 ? 'raise' : 'lower']))
    const { run } = applying({ changes, waves: { canaryHosts: 0, batchHosts: 2, between: 'promote' } })
    await store.create(run, started, me)
    await sql`update run_groups set change_group = change_group || ' '`.execute(database)
    const one = await step(store, { run, revision: 1 }, applied('web-0', 'fixed')(run))
    const both = await step(store, one, applied('web-1', 'fixed')(one.run))
    const called = calledHosts(both.run)
    expect(called).toEqual(['web-4', 'web-5'])
    const because = [{ hosts: [...called], says: 'It is night.', behind: null }]
    const held = await step(store, both, { type: 'held-back', at, because })
    expect(await waiting(database)).toEqual(['web-4', 'web-5'])
    await sql`update run_held_back set because = because || ' '`.execute(database)
    const begun = await step(store, held, { type: 'hosts-begun', at, hosts: ['web-4'] })
    expect(await waiting(database)).toEqual(['web-5'])
    expect(await marked(database, run)).toEqual({ raise: true, lower: true, 'web-5': true })
    const [raise] = run.groups
    const promoted = await step(store, begun, { type: 'promoted', at, by: 'ana', group: raise!.key })
    expect(await marked(database, run)).toEqual({ raise: false, lower: true, 'web-5': true })
    expect(await store.load(run.id)).toEqual(promoted)
    const over = await step(store, promoted, { type: 'aborted', at, by: 'ana', reason: 'enough' })
    expect(await waiting(database)).toEqual([])
    expect(await store.load(run.id)).toEqual(over)
  })

  test('the snapshot of a run does not grow with its hosts', async () => {
    const database = await openForTest(open)
    const changes = Object.fromEntries(names.map((name) => [name, `change of ${name}`]))
    const { run } = applying({ changes, canaries: names })
    await runStore(database, { soleWriter: true }).create(run, started, me)
    const { snapshot } = await database.selectFrom('runs').select('snapshot').executeTakeFirstOrThrow()
    expect(snapshot).not.toContain('web-')
    expect(run.groups.filter(({ key }) => snapshot.includes(key))).toEqual([])
  })

  test('runs from before their parts had rows of their own are what they were', async () => {
    const database = await openForTest(openBare)
    const migrator = new Migrator({ db: database, provider: { getMigrations: async () => migrations } })
    expect((await migrator.migrateTo('0011-hosts-given-up')).error).toBeUndefined()
    const changes = Object.fromEntries(names.map((name, n) => [name, sampleChanges[n % 3] ?? 'raise']))
    const { run: alone } = applying({ changes, canaries: ['web-7', 'web-3'] })
    const heldBack = [
      { hosts: ['web-0', 'web-3'], says: 'It is night.', behind: null },
      { hosts: ['web-1'], says: 'Another one has it.', behind: 'r-20261121-031455-0002' },
    ]
    const run = {
      ...alone,
      heldBack,
      notes: [
        { at, says: 'One.' },
        { at, says: 'Two.' },
      ],
    }
    const groups = run.groups.map((group) => ({ ...group, hosts: undefined }))
    const snapshot = JSON.stringify({ ...run, hosts: undefined, groups })
    await sql`insert into runs (id, state, revision, snapshot, started_at, lease_expires_ms)
      values (${run.id}, ${run.state}, 9, ${snapshot}, ${run.startedAt}, 0)`.execute(database)
    for (const [position, host] of run.hosts.entries())
      await sql`insert into run_hosts values (${run.id}, ${position}, ${JSON.stringify(host)})`.execute(database)
    expect((await migrator.migrateToLatest()).error).toBeUndefined()
    expect(await runStore(database, { soleWriter: true }).load(run.id)).toEqual({ run, revision: 9 })
  })
})

/** Events after which little is left to happen. */
const ends: ReadonlySet<string> = new Set(['denied', 'aborted', 'expired', 'host-refused-to-plan', 'host-not-reached'])

/** Whatever was written anew has lost its mark. */
async function marked(database: Database, { groups: [first] }: Run): Promise<Readonly<Record<string, boolean>>> {
  const groups = await database.selectFrom('run_groups').select(['key', 'change_group']).execute()
  const queue = await database.selectFrom('run_held_back').select(['host', 'because']).execute()
  return Object.fromEntries<boolean>([
    ...groups.map((group): [string, boolean] => [
      group.key === first?.key ? 'raise' : 'lower',
      group.change_group.endsWith(' '),
    ]),
    ...queue.map(({ host, because }): [string, boolean] => [host, because.endsWith(' ')]),
  ])
}

async function waiting(database: Database): Promise<readonly string[]> {
  const rows = await database.selectFrom('run_held_back').select('host').orderBy('position').execute()
  return rows.map(({ host }) => host)
}
