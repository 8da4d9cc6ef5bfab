import { createHash } from 'node:crypto'
import type { Run } from '@fleetmend/shared'
import { sql } from 'kysely'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  applied,
  applying,
  approvalAsked,
  approvedBy,
  hostsBegun,
  applyStarted,
  at,
  planned,
  planOf,
  startedWith,
  statesOf,
} from '../../test/sample-run.ts'
import { stores } from '../../test/stores.ts'
import { replay } from '../runs/replay.ts'
import type { RunEvent } from '../runs/run-event.ts'
import type { RunStore } from '../runs/run-store.ts'
import { begin, transition } from '../runs/transition.ts'
import { getPlans } from './plans.ts'
import { listEvents, verifyChain } from './run-events.ts'
import { listReports, listRuns, runStore } from './runs.ts'
import type { Database } from './tables.ts'

const nobody = { begun: [], left: [], givenUp: [], known: [], limits: [], since: null }
const me = { owner: 'me', expiresMs: 1000 }
const started = startedWith(['web-1', 'web-2'])
const story = [
  planned('web-1'),
  planned('web-2'),
  approvalAsked,
  approvedBy('ben'),
  applyStarted,
  hostsBegun,
  applied('web-1', 'fixed'),
  hostsBegun,
  applied('web-2', 'rolled-back'),
]

describe.each(stores)('over $store', ({ open, refuseInserts, dropTrigger }) => {
  let database: Database
  let store: RunStore
  beforeEach(async () => {
    const opened = await open()
    database = opened.database
    store = runStore(database, { soleWriter: false })
    return opened.close
  })

  async function tell(id = started.run): Promise<{ readonly run: Run; readonly events: readonly RunEvent[] }> {
    const first = { ...started, run: id }
    let { run } = begin(first)
    const events: RunEvent[] = [first]
    await store.create(run, first, me)
    for (const each of story) {
      const event = typeof each === 'function' ? each(run) : each
      const step = transition(run, event)
      if (!step.ok) throw new Error(step.problem.detail)
      const hosts = { ...nobody, since: run }
      run = step.run
      events.push(event)
      expect(await store.save({ run, revision: events.length }, event, me, hosts)).toMatchObject({ kind: 'saved' })
    }
    return { run, events }
  }

  describe('a run and its events', () => {
    test('come back as they were saved, and the events give the run', async () => {
      const { run, events } = await tell()
      expect(await store.load(run.id)).toEqual({ run, revision: events.length })
      const recorded = await listEvents(database, run.id)
      expect(recorded.map(({ event }) => event)).toEqual(events)
      expect(replay(recorded.map(({ event }) => event))).toEqual(run)
      expect(await listRuns(database, 10)).toEqual([run])
    })

    test('are listed newest first, also those that began within one second', async () => {
      const begun: readonly (readonly [string, string])[] = [
        ['r-20261121-031455-0002', '2026-11-21T03:14:55.100Z'],
        ['r-20261121-031455-0001', '2026-11-21T03:14:55.900Z'],
      ]
      for (const [run, startedAt] of begun) {
        const first = { ...started, run, at: startedAt }
        await store.create(begin(first).run, first, me)
      }
      expect((await listRuns(database, 10)).map(({ id }) => id)).toEqual([begun[1]![0], begun[0]![0]])
    })

    test('bring the plans and reports that they speak of', async () => {
      const { run } = await tell()
      expect(await getPlans(database, [planOf('web-2').digest, `sha256:${'0'.repeat(64)}`])).toEqual([planOf('web-2')])
      expect((await listReports(database, run.id)).map(({ host, outcome }) => [host, outcome])).toEqual([
        ['web-1', 'fixed'],
        ['web-2', 'rolled-back'],
      ])
    })

    test('are saved together or not at all', async () => {
      const { run } = applying({ changes: { a: 'raise' } })
      await store.create(run, startedWith(['a']), me)
      // An event that the store cannot write, after the run was written.
      await refuseInserts(database, 'run_events', 'disk full')
      await expect(
        store.save({ run: { ...run, state: 'paused' }, revision: 2 }, applyStarted, me, nobody),
      ).rejects.toThrow('disk full')
      expect(await store.load(run.id)).toEqual({ run, revision: 1 })
    })

    test('of a run that another controller took over or changed are not saved', async () => {
      const { run } = begin(started)
      await store.create(run, started, me)
      const event = planned('web-1')
      const { run: next } = begin(started)
      expect(await store.save({ run: next, revision: 2 }, event, { ...me, owner: 'other' }, nobody)).toEqual({
        kind: 'not-ours',
      })
      expect(await store.save({ run: next, revision: 3 }, event, me, nobody)).toEqual({ kind: 'not-ours' })
      expect(await listEvents(database, run.id)).toHaveLength(1)
    })
  })

  describe('hosts in change', () => {
    const second = { ...started, run: 'r-20261121-031455-0002' }
    const begins = (run: Run, hosts: readonly string[], limits: Parameters<RunStore['save']>[3]['limits'] = []) =>
      store.save({ run, revision: 2 }, planned('web-1'), me, {
        begun: hosts,
        left: [],
        givenUp: [],
        known: [],
        limits,
        since: null,
      })

    test('are of one run: another one saves nothing until they are free', async () => {
      const [one, two] = [begin(started).run, begin(second).run]
      await store.create(one, started, me)
      await store.create(two, second, me)
      expect(await begins(one, ['web-1'])).toMatchObject({ kind: 'saved' })
      expect(await begins(two, ['web-2', 'web-1'])).toEqual({ kind: 'no-room' })
      expect(await store.inChange()).toEqual([{ host: 'web-1', run: one.id, isGivenUp: false }])
      expect(await store.load(two.id)).toMatchObject({ revision: 1 })
      expect(await listEvents(database, two.id)).toHaveLength(1)
      const done = { begun: [], left: ['web-1'], givenUp: [], known: [], limits: [], since: null }
      expect(await store.save({ run: one, revision: 3 }, planned('web-2'), me, done)).toMatchObject({ kind: 'saved' })
      expect(await begins(two, ['web-2', 'web-1'])).toMatchObject({ kind: 'saved' })
    })

    test('that were given up count until it is known what became of them, and may be begun again', async () => {
      const [one, two] = [begin(started).run, begin(second).run]
      await store.create(one, started, me)
      await store.create(two, second, me)
      const limits = [{ words: '1 of all hosts', members: null, most: 1 }]
      const moves = { ...nobody, left: ['web-1'] }
      await begins(one, ['web-1'])
      await store.save({ run: one, revision: 3 }, planned('web-2'), me, { ...moves, givenUp: ['web-1'] })
      expect(await store.inChange()).toEqual([{ host: 'web-1', run: one.id, isGivenUp: true }])
      expect(await begins(two, ['web-2'], limits)).toEqual({ kind: 'no-room' })
      expect(await begins(two, ['web-1'], limits)).toMatchObject({ kind: 'saved' })
      await store.save({ run: two, revision: 3 }, planned('web-2'), me, moves)
      expect(await store.inChange()).toEqual([{ host: 'web-1', run: one.id, isGivenUp: true }])
      await store.save({ run: one, revision: 4 }, planned('web-2'), me, { ...nobody, known: ['web-1'] })
      expect(await store.inChange()).toEqual([])
    })

    test('are no more than a limit of the fleet allows, whoever looked before', async () => {
      const [one, two] = [begin(started).run, begin(second).run]
      await store.create(one, started, me)
      await store.create(two, second, me)
      const limits = [{ words: '1 of role=web', members: new Set(['web-1', 'web-2']), most: 1 }]
      expect(await begins(one, ['web-1'], limits)).toMatchObject({ kind: 'saved' })
      expect(await begins(two, ['web-2'], limits)).toEqual({ kind: 'no-room' })
      expect(await begins(two, ['db-1'], limits)).toMatchObject({ kind: 'saved' })
    })
  })

  describe('leases', () => {
    const other = { owner: 'other', expiresMs: 5000 }

    test('keep a run with its owner until they expire, and renewing moves that', async () => {
      const { run } = begin(started)
      await store.create(run, started, me)
      expect(await store.claim(other, 999, [])).toEqual([])
      expect(await store.claim({ ...me, expiresMs: 2000 }, 999, [run.id])).toEqual([])
      expect(await store.claim(other, 1999, [])).toEqual([])
      expect(await store.claim(other, 2000, [])).toEqual([{ run, revision: 1 }])
      expect(await store.save({ run, revision: 2 }, planned('web-1'), me, nobody)).toEqual({ kind: 'not-ours' })
    })

    test("of a dead process are taken over at once where the database is one process's alone", async () => {
      await store.create(begin(started).run, started, me)
      expect(await runStore(database, { soleWriter: true }).claim(other, 0, [])).toHaveLength(1)
    })

    test('are not taken on runs that have ended', async () => {
      const { run } = await tell()
      expect(statesOf(run)).toEqual({ 'web-1': 'fixed', 'web-2': 'rolled-back' })
      expect(await store.claim(other, 10_000, [])).toEqual([])
    })
  })

  describe('the chain', () => {
    test('runs through all runs, and whoever kept its head can tell that it only grew', async () => {
      const first = await tell('r-20261121-031455-0001')
      const head = await verifyChain(database)
      expect(head).toMatchObject({ ok: true, events: first.events.length })
      await tell('r-20261121-031455-0002')
      const events = await listEvents(database, 'r-20261121-031455-0002')
      expect(events[0]).toMatchObject({
        sequence: first.events.length + 1,
        revision: 1,
        previous: head.ok && head.head,
      })
      expect(await verifyChain(database)).toMatchObject({
        ok: true,
        events: first.events.length * 2,
        head: events.at(-1)?.hash,
      })
    })

    test('of nothing is whole', async () => {
      expect(await verifyChain(database)).toEqual({ ok: true, events: 0, head: null })
    })

    test.each(['update run_events set type = type', 'delete from run_events'])('refuses `%s`', async (statement) => {
      await tell()
      await expect(sql.raw(statement).execute(database)).rejects.toThrow('run_events is append-only')
    })

    test.each([
      {
        name: 'a word in an entry was changed',
        statement: `update run_events set entry = replace(entry, 'web hosts answer 502', 'nothing happened') where sequence = 1`,
        sequence: 1,
      },
      {
        name: 'the hash of an entry was changed',
        statement: (at: string) => `update run_events set hash = '${at}' where sequence = 3`,
        sequence: 3,
      },
      {
        name: 'an entry in the middle was taken out',
        statement: 'delete from run_events where sequence = 4',
        sequence: 5,
      },
      { name: 'the first entry was taken out', statement: 'delete from run_events where sequence = 1', sequence: 2 },
      {
        name: 'a column says something else than the entry',
        statement: `update run_events set at = '${at.replace('2026', '2027')}' where sequence = 2`,
        sequence: 2,
      },
      {
        name: 'two entries changed places',
        statement: 'update run_events set sequence = case sequence when 2 then -3 when 3 then -2 else sequence end; ',
        after: 'update run_events set sequence = -sequence where sequence < 0',
        sequence: 2,
      },
    ])('shows that $name', async ({ statement, after, sequence }) => {
      await tell()
      for (const deed of ['update', 'delete']) await dropTrigger(database, `run_events_no_${deed}`, 'run_events')
      await sql.raw(typeof statement === 'string' ? statement : statement(`sha256:${'0'.repeat(64)}`)).execute(database)
      if (after) await sql.raw(after).execute(database)
      expect(await verifyChain(database)).toMatchObject({ ok: false, sequence })
    })

    test('shows that an entry was rewritten with a fitting hash, because the next one knows the old hash', async () => {
      await tell()
      for (const deed of ['update', 'delete']) await dropTrigger(database, `run_events_no_${deed}`, 'run_events')
      const entry = await database
        .selectFrom('run_events')
        .selectAll()
        .where('sequence', '=', 1)
        .executeTakeFirstOrThrow()
      const forged = entry.entry.replace('web hosts answer 502', 'nothing happened')
      const hash = `sha256:${createHash('sha256').update(forged).digest('hex')}`
      await database.updateTable('run_events').set({ entry: forged, hash }).where('sequence', '=', 1).execute()
      expect(await verifyChain(database)).toMatchObject({
        ok: false,
        sequence: 2,
        says: expect.stringContaining('does not follow'),
      })
    })
  })
})
