import { randomBytes } from 'node:crypto'
import { hasEnded, manifestDigest, type Digest, type HostId, type Run, type RunId } from '@fleetmend/shared'
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest'
import { fakeClock, quiet, type FakeClock } from '../../test/fake-clock.ts'
import { noRules } from '../../test/no-rules.ts'
import { fakeFleet, type FakeFleet, type FakeHost } from '../../test/fake-fleet.ts'
import { approvalBy, atMs, planOf, reportOf, startedWith, statesOf } from '../../test/sample-run.ts'
import { openMemoryStore } from '../store/open-sqlite.ts'
import { listEvents } from '../store/run-events.ts'
import { runStore } from '../store/runs.ts'
import type { Database } from '../store/tables.ts'
import { Driver, driverDefaults, type DriverNews, type StartRequest } from './driver.ts'
import type { Fleet } from './fleet-port.ts'
import { replay } from './replay.ts'

let database: Database
let clock: FakeClock
let bugs: unknown[]
let fatal: unknown[]
beforeEach(async () => {
  database = await openMemoryStore()
  clock = fakeClock()
  bugs = []
  fatal = []
  return () => database.destroy()
})

function requestFor(hosts: readonly HostId[], rest: Partial<StartRequest> = {}): StartRequest {
  const { type: _, at: __, run: ___, ...request } = startedWith(hosts)
  return { ...request, ...rest }
}

async function driverOf(fleet: Fleet, soleWriter = true, rules = noRules): Promise<Driver> {
  const driver = new Driver({
    store: runStore(database, { soleWriter }),
    fleet,
    clock,
    rules,
    random: (bytes) => randomBytes(bytes).toString('hex'),
    onBug: (error) => bugs.push(error),
    onFatal: (error) => fatal.push(error),
  })
  onTestFinished(() => driver.close())
  await driver.start()
  return driver
}

async function stateOf(driver: Driver, id: RunId): Promise<Run> {
  await quiet()
  return (await driver.load(id))!
}

async function approveAndBegin(driver: Driver, id: RunId): Promise<void> {
  const { manifest } = await stateOf(driver, id)
  expect(
    await driver.submit(id, { type: 'approved', digest: manifestDigest(manifest!), approval: approvalBy('ben') }),
  ).toMatchObject({ ok: true })
  expect(await driver.submit(id, { type: 'apply-started', by: 'ana' })).toMatchObject({ ok: true })
}

/** Lets time pass until the run is over. */
async function toTheEnd(driver: Driver, id: RunId): Promise<Run> {
  for (let skips = 0; skips < 2000; skips++) {
    const run = await stateOf(driver, id)
    if (hasEnded(run.state)) return run
    clock.skip()
  }
  throw new Error('The run does not end.')
}

async function played(
  hosts: Readonly<Record<HostId, FakeHost>>,
  rest: Partial<StartRequest> = {},
): Promise<{ readonly run: Run; readonly fleet: FakeFleet }> {
  const fleet = fakeFleet(hosts)
  const driver = await driverOf(fleet)
  const { id } = await driver.startRun(requestFor(Object.keys(hosts), rest))
  await approveAndBegin(driver, id)
  return { run: await toTheEnd(driver, id), fleet }
}

test('a run goes from the question to the last fixed host, and its events give the same run', async () => {
  const { run, fleet } = await played({
    a: {},
    b: {},
    c: { change: 'lower' },
    d: { answers: 'nothing-to-do' },
    e: { answers: 'refused' },
  })
  expect(run.state).toBe('finished')
  expect(statesOf(run)).toEqual({ a: 'fixed', b: 'fixed', c: 'fixed', d: 'nothing-to-do', e: 'plan-refused' })
  expect([...fleet.begun.values()].map((digests) => digests.length)).toEqual([1, 1, 1])
  const events = await listEvents(database, run.id)
  expect(replay(events.map(({ event }) => event))).toEqual(run)
})

test('a canary that is rolled back stops the run, and the rest was never told', async () => {
  const { run, fleet } = await played({ a: { outcome: 'rolled-back' }, b: {} })
  expect(run).toMatchObject({ state: 'halted' })
  expect([...fleet.begun.keys()]).toEqual(['a'])
})

test('a host that is done while room is looked for makes room at once, and nobody waits for the next look', async () => {
  const oneAtOnce = () => Promise.resolve({ limits: [{ words: '1 of all hosts', members: null, most: 1 }], closed: [] })
  const hosts = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f'].map((host) => [host, {}]))
  const driver = await driverOf(fakeFleet(hosts), true, oneAtOnce)
  const waves = { canaryHosts: 0, batchHosts: 6 }
  const { id } = await driver.startRun(requestFor(Object.keys(hosts), { waves }))
  await approveAndBegin(driver, id)
  // The clock stands still.
  await expect.poll(async () => (await driver.load(id))?.state).toBe('finished')
})

describe('a connection that breaks while a host applies', () => {
  test('is followed by questions until the journal answers', async () => {
    const { run, fleet } = await played({ a: { silentFor: 5 }, b: {} })
    expect(statesOf(run)).toEqual({ a: 'fixed', b: 'fixed' })
    expect(fleet.begun.get('a')).toHaveLength(1)
  })

  test('before the command arrived is followed by the command again', async () => {
    const { run, fleet } = await played({ a: { swallows: 1 } })
    expect(statesOf(run)).toEqual({ a: 'fixed' })
    expect(fleet.begun.get('a')).toHaveLength(1)
  })

  test('is followed by questions for as long as the host is at work, however long that is', async () => {
    const honest = fakeFleet({ a: {} })
    const atWorkMs = driverDefaults.askForMs * 2
    const driver = await driverOf({
      ...honest,
      apply: async (...told) => {
        await honest.apply(...told)
        return { kind: 'lost', says: 'The connection broke.' }
      },
      askApply: async (...asked) => {
        const answer = await honest.askApply(...asked)
        const open = clock.nowMs() < atMs + atWorkMs
        return answer.kind === 'reported' && open
          ? { kind: 'reported', report: { ...answer.report, outcome: null, phase: 'watching', endedAt: null } }
          : answer
      },
    })
    const { id } = await driver.startRun(requestFor(['a']))
    await approveAndBegin(driver, id)
    const run = await toTheEnd(driver, id)
    expect(statesOf(run)).toEqual({ a: 'fixed' })
    expect(Date.parse(run.endedAt!)).toBeGreaterThanOrEqual(atMs + atWorkMs)
  })

  test('is not followed for ever by a host that says for ever that it is at work', async () => {
    const honest = fakeFleet({ a: {} })
    const driver = await driverOf({
      ...honest,
      apply: async (...told) => {
        await honest.apply(...told)
        return { kind: 'lost', says: 'The connection broke.' }
      },
      askApply: async (...asked) => {
        const answer = await honest.askApply(...asked)
        return answer.kind === 'reported'
          ? { kind: 'reported', report: { ...answer.report, outcome: null, phase: 'watching', endedAt: null } }
          : answer
      },
    })
    const { id } = await driver.startRun(requestFor(['a']))
    await approveAndBegin(driver, id)
    const run = await toTheEnd(driver, id)
    expect(run).toMatchObject({ state: 'halted', stopping: { says: expect.stringContaining('a is unknown') } })
    expect(run.hosts[0]).toMatchObject({ state: 'unknown', code: 'apply-overdue' })
    expect(Date.parse(run.endedAt!) - atMs).toBeLessThan(driverDefaults.atWorkForMs + 2 * 60_000)
  })

  test('and is never mended leaves the host unknown, and stops the run', async () => {
    const { run } = await played({ a: { silentFor: 1_000_000 }, b: {} })
    expect(run).toMatchObject({ state: 'halted', stopping: { says: expect.stringContaining('a is unknown') } })
    expect(run.hosts[0]).toMatchObject({
      code: 'unreachable',
      says: expect.stringContaining('could not be asked for 15 minutes'),
    })
  })
})

describe('what a person does', () => {
  test('at the wrong time is refused, and nothing is recorded', async () => {
    const driver = await driverOf(fakeFleet({ a: {} }))
    const { id } = await driver.startRun(requestFor(['a']))
    await quiet()
    const before = await listEvents(database, id)
    expect(await driver.submit(id, { type: 'apply-started', by: 'ana' })).toMatchObject({
      ok: false,
      problem: { code: 'run-not-ready' },
    })
    expect(await listEvents(database, id)).toEqual(before)
  })

  test('to a run that ended is refused in the words of the engine', async () => {
    const driver = await driverOf(fakeFleet({ a: { answers: 'nothing-to-do' } }))
    const { id } = await driver.startRun(requestFor(['a']))
    await quiet()
    expect(await driver.submit(id, { type: 'aborted', by: 'ana', reason: 'enough' })).toMatchObject({
      ok: false,
      problem: { detail: expect.stringContaining('it is over') },
    })
  })

  test('to a run that is not there is refused', async () => {
    const driver = await driverOf(fakeFleet({}))
    expect(await driver.submit('r-20261121-031455-ffff', { type: 'resumed', by: 'ana' })).toMatchObject({
      ok: false,
      problem: { code: 'unknown-run' },
    })
  })
})

test('a host that was given up is asked on, also when its run is over, and is in change until it answers', async () => {
  const driver = await driverOf(fakeFleet({ a: { silentFor: 460 } }))
  const { id } = await driver.startRun(requestFor(['a']))
  await approveAndBegin(driver, id)
  expect(await toTheEnd(driver, id)).toMatchObject({ state: 'halted', hosts: [{ state: 'unknown' }] })
  const inChange = () => runStore(database, { soleWriter: true }).inChange()
  expect(await inChange()).toEqual([{ host: 'a', run: id, isGivenUp: true }])
  for (let skips = 0; skips < 20; skips++) {
    clock.skip()
    await quiet()
  }
  expect(await stateOf(driver, id)).toMatchObject({ state: 'halted', hosts: [{ state: 'fixed' }] })
  expect(await inChange()).toEqual([])
  expect(replay((await listEvents(database, id)).map(({ event }) => event))).toEqual(await driver.load(id))
  expect(fatal).toEqual([])
})

test('an approval that nobody uses runs out', async () => {
  const driver = await driverOf(fakeFleet({ a: {} }))
  const { id } = await driver.startRun(requestFor(['a']))
  expect((await stateOf(driver, id)).state).toBe('awaiting-approval')
  expect(await toTheEnd(driver, id)).toMatchObject({ state: 'expired', hosts: [{ state: 'skipped' }] })
})

test('an approval runs out as well under the next controller', async () => {
  const fleet = fakeFleet({ a: {} })
  const first = await driverOf(fleet)
  const { id } = await first.startRun(requestFor(['a']))
  await quiet()
  await first.close()
  const second = await driverOf(fleet)
  expect(await toTheEnd(second, id)).toMatchObject({ state: 'expired' })
})

describe('what a host says', () => {
  test('of its plan, and is not true, is no plan, and an event of the run', async () => {
    const honest = fakeFleet({ a: {}, b: {} })
    const driver = await driverOf({ ...honest, plan: (_, ...rest) => honest.plan('b', ...rest) })
    const { id } = await driver.startRun(requestFor(['a']))
    const run = await stateOf(driver, id)
    expect(run.hosts[0]).toMatchObject({ state: 'plan-refused', code: 'answer-not-believed' })
    expect(run.state).toBe('halted')
    expect((await listEvents(database, id)).map(({ event }) => event.type)).toContain('host-not-believed')
  })

  test('of its apply, and is not true, is believed neither when it comes nor when its journal is asked', async () => {
    const falsely = async (_: HostId, plan: Digest) =>
      ({ kind: 'reported', report: { ...reportOf(planOf('b'), 'fixed'), plan } }) as const
    const driver = await driverOf({ ...fakeFleet({ a: {} }), apply: falsely, askApply: falsely })
    const { id } = await driver.startRun(requestFor(['a']))
    await approveAndBegin(driver, id)
    // No time passes: it is not asked again and again.
    const run = await stateOf(driver, id)
    expect(run).toMatchObject({ state: 'halted', stopping: { says: expect.stringContaining('a is unknown') } })
    expect(run.hosts[0]).toMatchObject({ state: 'unknown', code: 'answer-not-believed' })
    const events = (await listEvents(database, id)).map(({ event }) => event.type)
    expect(events.filter((type) => type === 'host-not-believed')).toHaveLength(2)
  })

  test('about an apply that is not the one it was told is not believed, and its journal is asked', async () => {
    const honest = fakeFleet({ a: {} })
    const driver = await driverOf({
      ...honest,
      apply: async (...told) => {
        await honest.apply(...told)
        return { kind: 'reported', report: reportOf(planOf('a', 'another change'), 'rolled-back') }
      },
    })
    const { id } = await driver.startRun(requestFor(['a']))
    await approveAndBegin(driver, id)
    expect(statesOf(await toTheEnd(driver, id))).toEqual({ a: 'fixed' })
  })

  test('in a fleet that throws is a bug for the log; an apply is asked about, not taken for failed', async () => {
    const honest = fakeFleet({ a: {} })
    const driver = await driverOf({
      ...honest,
      apply: async (...told) => {
        await honest.apply(...told)
        throw new Error('a bug')
      },
    })
    const { id } = await driver.startRun(requestFor(['a']))
    await approveAndBegin(driver, id)
    expect(statesOf(await toTheEnd(driver, id))).toEqual({ a: 'fixed' })
    expect(bugs).toEqual([new Error('a bug')])
  })
})

test('those who watch see events and progress in order, until they stop', async () => {
  const driver = await driverOf(fakeFleet({ a: {} }))
  const seen: string[] = []
  const stop = driver.watch((news: DriverNews) =>
    seen.push(
      news.news === 'event' ? `${news.recorded.event.type} → ${news.run.state}` : `${news.host}: ${news.entry.says}`,
    ),
  )
  const { id } = await driver.startRun(requestFor(['a']))
  await approveAndBegin(driver, id)
  await toTheEnd(driver, id)
  expect(seen).toEqual([
    'started → planning',
    'host-planned → planning',
    'approval-asked → awaiting-approval',
    'approved → approved',
    'apply-started → applying',
    'hosts-begun → applying',
    'a: Admitted.',
    'host-applied → finished',
  ])
  stop()
  await driver.startRun(requestFor(['a']))
  expect(seen).toHaveLength(8)
})

test('an answer that cannot be saved ends the process, because memory and disk would part', async () => {
  const store = runStore(database, { soleWriter: true })
  const driver = new Driver({
    store: { ...store, save: () => Promise.reject(new Error('disk full')) },
    fleet: fakeFleet({ a: {} }),
    clock,
    rules: noRules,
    random: (bytes) => randomBytes(bytes).toString('hex'),
    onBug: (error) => bugs.push(error),
    onFatal: (error) => fatal.push(error),
  })
  onTestFinished(() => driver.close())
  await driver.start()
  await driver.startRun(requestFor(['a']))
  await quiet()
  expect(fatal).toEqual([new Error('disk full')])
})

describe('two controllers on one store', () => {
  test('a run is carried on by the other one when its owner has gone, and not before', async () => {
    const hosts = { a: {}, b: {} }
    const fleet = fakeFleet(hosts)
    const first = await driverOf(fleet, false)
    const second = await driverOf(fleet, false)
    const { id } = await first.startRun(requestFor(Object.keys(hosts)))
    await quiet()
    expect(await second.submit(id, { type: 'aborted', by: 'ana', reason: 'enough' })).toMatchObject({
      ok: false,
      problem: { detail: expect.stringContaining('another controller') },
    })
    await first.close()
    for (let waitedMs = 0; waitedMs <= driverDefaults.leaseMs; waitedMs += driverDefaults.leaseMs / 3) {
      clock.skip()
      await quiet()
    }
    await approveAndBegin(second, id)
    expect(await toTheEnd(second, id)).toMatchObject({ state: 'finished' })
  })

  test('an owner that was too slow finds out at its next event, and lets go', async () => {
    const fleet = fakeFleet({ a: {} })
    const slow = await driverOf(fleet, false)
    const { id } = await slow.startRun(requestFor(['a']))
    await quiet()
    await database
      .updateTable('runs')
      .set({ lease_owner: 'other', lease_expires_ms: Number.MAX_SAFE_INTEGER })
      .execute()
    expect(await slow.submit(id, { type: 'aborted', by: 'ana', reason: 'enough' })).toMatchObject({ ok: false })
    expect((await slow.load(id))?.state).toBe('awaiting-approval')
  })
})
