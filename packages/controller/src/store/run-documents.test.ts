import type { Run } from '@fleetmend/shared'
import { beforeEach, describe, expect, test } from 'vitest'
import {
  applied,
  applyStarted,
  approvalAsked,
  approvedBy,
  atMs,
  hostsBegun,
  planned,
  startedWith,
} from '../../test/sample-run.ts'
import { stores } from '../../test/stores.ts'
import type { RunEvent } from '../runs/run-event.ts'
import { begin, transition } from '../runs/transition.ts'
import { keepTidy } from './keep-tidy.ts'
import { documentsOf, dropDocuments } from './run-documents.ts'
import { verifyChain } from './run-events.ts'
import { runStore } from './runs.ts'
import type { Database } from './tables.ts'

const lease = { owner: 'me', expiresMs: 0 }
const dayMs = 24 * 60 * 60_000
const story = [
  ...[planned('web-1'), planned('web-2'), approvalAsked, approvedBy('ben'), applyStarted],
  ...[hostsBegun, applied('web-1', 'fixed'), hostsBegun, applied('web-2', 'rolled-back')],
]

describe.each(stores)('over $store', ({ open }) => {
  let database: Database
  beforeEach(async () => {
    const opened = await open()
    database = opened.database
    return opened.close
  })

  /** The first steps of a story, all of them where it is told to its end. */
  async function tell(id: string, steps = story.length): Promise<Run> {
    const store = runStore(database, { soleWriter: true })
    const first = { ...startedWith(['web-1', 'web-2']), run: id }
    let { run } = begin(first)
    await store.create(run, first, lease)
    for (const [n, each] of story.slice(0, steps).entries()) {
      const event: RunEvent = typeof each === 'function' ? each(run) : each
      const step = transition(run, event)
      if (!step.ok) throw new Error(step.problem.detail)
      run = step.run
      await store.save({ run, revision: n + 2 }, event, lease, {
        begun: [],
        left: [],
        givenUp: [],
        known: [],
        limits: [],
        since: null,
      })
    }
    return run
  }

  const left = async () => ({
    plans: (await database.selectFrom('plans').select('digest').execute()).length,
    reports: (await database.selectFrom('applies').select('host').execute()).length,
  })

  test('what lay at hand is cleared away, and is found in the history', async () => {
    const run = await tell('r-20261121-031455-0001')
    const atHand = await documentsOf(database, run)
    expect([atHand.plans.length, atHand.reports.map(({ host, outcome }) => [host, outcome])]).toEqual([
      2,
      [
        ['web-1', 'fixed'],
        ['web-2', 'rolled-back'],
      ],
    ])
    const chain = await verifyChain(database)
    expect(await dropDocuments(database, '2027-01-01T00:00:00.000Z', null)).toMatchObject({ id: run.id })
    expect(await left()).toEqual({ plans: 0, reports: 0 })
    expect(await documentsOf(database, run)).toEqual(atHand)
    expect(await verifyChain(database)).toEqual(chain)
  })

  test('of a run that has not ended, or not long ago, everything stays', async () => {
    const ended = await tell('r-20261121-031455-0001')
    await dropDocuments(database, ended.endedAt!, null)
    expect(await left()).toEqual({ plans: 2, reports: 2 })
    await database.deleteFrom('applies').execute()
    await tell('r-20261121-031455-0002', 4)
    expect(
      await dropDocuments(database, '2027-01-01T00:00:00.000Z', { endedAt: ended.endedAt!, id: ended.id }),
    ).toBeNull()
    expect(await left()).toEqual({ plans: 2, reports: 0 })
  })

  test('once an hour, every run that is old enough is cleared up after', async () => {
    for (const n of [1, 2, 3]) await tell(`r-20261121-031455-000${n}`)
    let nowMs = atMs
    /** Told each time that a round is over; it goes on when it is woken. */
    const rounds: { readonly over: PromiseWithResolvers<() => void> }[] = [{ over: Promise.withResolvers() }]
    const sleep = (_: number, signal: AbortSignal) =>
      new Promise<void>((resolve) => {
        signal.addEventListener('abort', () => resolve(), { once: true })
        const round = rounds.at(-1)
        rounds.push({ over: Promise.withResolvers() })
        round?.over.resolve(resolve)
      })
    const said: string[] = []
    const clock = { nowMs: () => nowMs, sleep }
    const end = keepTidy({ database, clock, keepMs: dayMs, log: (line) => said.push(line) })
    const wake = await rounds[0]!.over.promise
    expect(await left()).toEqual({ plans: 2, reports: 6 })
    nowMs += 2 * dayMs
    wake()
    await rounds[1]!.over.promise
    expect(await left()).toEqual({ plans: 0, reports: 0 })
    expect(said).toEqual([])
    await end()
  })
})
