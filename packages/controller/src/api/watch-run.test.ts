import { randomBytes } from 'node:crypto'
import { manifestDigest, type RunId } from '@fleetmend/shared'
import { beforeEach, expect, onTestFinished, test } from 'vitest'
import { fakeClock, type FakeClock } from '../../test/fake-clock.ts'
import { fakeFleet } from '../../test/fake-fleet.ts'
import { noRules } from '../../test/no-rules.ts'
import { approvalBy, startedWith } from '../../test/sample-run.ts'
import { Driver } from '../runs/driver.ts'
import { openMemoryStore } from '../store/open-sqlite.ts'
import { listEvents } from '../store/run-events.ts'
import { runStore } from '../store/runs.ts'
import type { Database } from '../store/tables.ts'
import { runStories, type NumberedNews, type RunStories } from './run-stories.ts'
import { watchRun } from './watch-run.ts'

let database: Database
let clock: FakeClock
beforeEach(async () => {
  database = await openMemoryStore()
  clock = fakeClock()
  return () => database.destroy()
})

/** As a controller does that has just been started. */
async function controllerOver(names: readonly string[]): Promise<{ driver: Driver; stories: RunStories }> {
  const driver = new Driver({
    store: runStore(database, { soleWriter: true }),
    fleet: fakeFleet(Object.fromEntries(names.map((name, n) => [name, { change: n % 3 === 0 ? 'lower' : 'raise' }]))),
    clock,
    rules: noRules,
    random: (bytes) => randomBytes(bytes).toString('hex'),
    onBug: () => undefined,
    onFatal: () => undefined,
  })
  onTestFinished(() => driver.close())
  const stories = runStories(driver, database)
  await driver.start()
  return { driver, stories }
}

async function told(stories: RunStories, run: RunId, from: number | 'now', most = Infinity): Promise<NumberedNews[]> {
  const news: NumberedNews[] = []
  for await (const each of watchRun(stories, run, from, new AbortController().signal)) {
    if (each.number === null) continue
    news.push(each)
    if (news.length >= most) break
  }
  return news
}

async function wholeRun(names: readonly string[]): Promise<{ run: RunId; stories: RunStories }> {
  const { driver, stories } = await controllerOver(names)
  const { type: _, at: __, run: ___, ...request } = startedWith(names, { waves: { canaryHosts: 1, batchHosts: 400 } })
  const { id } = await driver.startRun(request)
  await expect.poll(async () => (await driver.load(id))?.state, { timeout: 20_000 }).toBe('awaiting-approval')
  const { manifest } = (await driver.load(id))!
  const digest = manifestDigest(manifest!)
  await driver.submit(id, { type: 'approved', digest, approval: approvalBy('ben') })
  await driver.submit(id, { type: 'apply-started', by: 'ana' })
  return { run: id, stories }
}

const numbersIn = (news: readonly NumberedNews[]): readonly (number | null)[] => news.map(({ number }) => number)

test('whoever joins a run is told how it stands, and each event after that once, whenever they join', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const { run, stories } = await wholeRun(names)
  const joining = Array.from({ length: 12 }, async (_, n) => {
    for (let turn = 0; turn < n * 3; turn++) await Promise.resolve()
    return told(stories, run, 'now')
  })
  const all = await told(stories, run, 0)
  for (const joined of await Promise.all(joining)) {
    const [first, ...rest] = joined
    expect(first?.news.news).toBe('now')
    expect(rest).toEqual(all.filter(({ number }) => (number ?? 0) > (first?.number ?? 0)))
  }
  const [over] = await told(stories, run, 'now')
  expect(over).toMatchObject({ number: all.at(-1)?.number, news: { news: 'now', now: { state: 'finished' } } })
})

test('whoever was cut off is told what came after the last that they heard, also by a controller that was started since', async () => {
  const names = ['a', 'b', 'c', 'd', 'e', 'f', 'g']
  const { run, stories } = await wholeRun(names)
  const all = await told(stories, run, 0)
  expect(numbersIn(all)).toEqual((await listEvents(database, run)).map(({ sequence }) => sequence))
  const { stories: later } = await controllerOver(names)
  for (const [n, { number }] of all.entries())
    for (const each of [stories, later]) expect(await told(each, run, number ?? 0)).toEqual(all.slice(n + 1))
  expect(await told(later, run, 'now')).toEqual(await told(stories, run, 'now'))
})

test('of a long run that goes on, more is told than was kept of it', async () => {
  const names = Array.from({ length: 1100 }, (_, n) => `web-${String(n).padStart(4, '0')}`)
  const { run, stories } = await wholeRun(names)
  // The canary, at least, has still to be done.
  const [early, late] = await Promise.all([told(stories, run, 1, 3000), told(stories, run, 'now')])
  expect(numbersIn(early)).toEqual((await listEvents(database, run, 1)).map(({ sequence }) => sequence))
  expect(early.length).toBeGreaterThan(2200)
  expect(late.length).toBeLessThan(early.length)
})

test('a run that there is not is said to be none', async () => {
  const { stories } = await controllerOver([])
  for (const from of [0, 7, 'now'] as const) {
    const watching = watchRun(stories, 'r-20261121-031455-0000', from, new AbortController().signal)
    expect(await watching.next()).toMatchObject({ done: true, value: { code: 'unknown-run' } })
  }
})
