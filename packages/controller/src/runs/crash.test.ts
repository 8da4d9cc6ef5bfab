/**
 * A controller that is killed at any point, between any two steps: the next one carries the run on with the same store,
 * the run ends as if nothing had happened, and no host is changed twice.
 */
import { randomBytes } from 'node:crypto'
import { hasEnded, manifestDigest, type HostId, type Run } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { fakeClock } from '../../test/fake-clock.ts'
import { noRules } from '../../test/no-rules.ts'
import { fakeFleet, type FakeHost } from '../../test/fake-fleet.ts'
import { mortalFleet, mortalStore, type Life } from '../../test/mortal.ts'
import { approvalBy, startedWith, statesOf } from '../../test/sample-run.ts'
import { settlingStore, type SettlingStore } from '../../test/settling-store.ts'
import { stores, type StoreKind } from '../../test/stores.ts'
import { listEvents, verifyChain } from '../store/run-events.ts'
import { listRuns, runStore } from '../store/runs.ts'
import type { Database } from '../store/tables.ts'
import { Driver, type DriverPorts } from './driver.ts'
import { replay } from './replay.ts'

interface CountedLife extends Life {
  readonly dead: boolean
  /** How many points were passed. */
  readonly passed: number
}

function lifeOf(points: number): CountedLife {
  let passed = 0
  return {
    get dead() {
      return passed > points
    },
    get passed() {
      return passed
    },
    point() {
      if (passed <= points) passed++
      return passed > points ? new Promise(() => {}) : Promise.resolve()
    },
  }
}

interface Story {
  readonly name: string
  readonly hosts: Readonly<Record<HostId, FakeHost>>
  readonly ends: string
}

const stories: readonly Story[] = [
  {
    name: 'everything is fixed, in two change groups',
    hosts: { a: {}, b: {}, c: { change: 'lower' }, d: { answers: 'nothing-to-do' } },
    ends: 'finished',
  },
  {
    name: 'the second canary is rolled back',
    hosts: { a: {}, b: {}, c: { change: 'lower', outcome: 'rolled-back' }, d: { change: 'restart' } },
    ends: 'halted',
  },
  {
    name: 'connections break, before and after the command arrived',
    hosts: { a: { silentFor: 2 }, b: { swallows: 1 } },
    ends: 'finished',
  },
]

describe.each(stores)('over $store', (kind) => {
  test.each(stories)('killed at any point while $name', { timeout: 120_000 }, async ({ hosts, ends }) => {
    const whole = await tell(kind, hosts, [Number.POSITIVE_INFINITY])
    expect(whole.run.state).toBe(ends)
    expect(whole.passed).toBeGreaterThan(20)
    // A database of its own for each takes its time: over PostgreSQL every third point stands for those beside it.
    const step = kind.store === 'SQLite' ? 1 : 3
    for (let at = 0; at < whole.passed; at += step) {
      const { run } = await tell(kind, hosts, [at])
      expect({ at, state: run.state, hosts: statesOf(run) }).toEqual({ at, state: ends, hosts: statesOf(whole.run) })
    }
  })

  test('killed again and again, it still gets there', async () => {
    const { hosts } = stories[0]!
    const { run } = await tell(
      kind,
      hosts,
      Array.from({ length: 25 }, (_, n) => 3 + (n % 5)),
    )
    expect(statesOf(run)).toEqual({ a: 'fixed', b: 'fixed', c: 'fixed', d: 'nothing-to-do' })
  })
})

/** One controller after the other, each dying after so many points, and at last one that lives. */
async function tell(
  kind: StoreKind,
  hosts: Readonly<Record<HostId, FakeHost>>,
  deaths: readonly number[],
): Promise<{ readonly run: Run; readonly passed: number }> {
  const { database, close } = await kind.open()
  const settling = settlingStore(runStore(database, { soleWriter: true }), 3)
  const fleet = fakeFleet(hosts)
  const clock = fakeClock()
  const trouble: unknown[] = []
  const note = (error: unknown) => void trouble.push(error)
  let passed = 0
  for (const points of [...deaths, Number.POSITIVE_INFINITY]) {
    const life = lifeOf(points)
    await live(
      {
        store: mortalStore(settling.store, life),
        fleet: mortalFleet(fleet, life),
        clock,
        rules: noRules,
        random: (bytes) => randomBytes(bytes).toString('hex'),
        onBug: note,
        onFatal: note,
      },
      database,
      settling,
      Object.keys(hosts),
      life,
      clock,
    )
    passed ||= life.passed
    if (!life.dead) break
  }
  const [run] = await listRuns(database, 10)
  const events = (await listEvents(database, run!.id)).map(({ event }) => event)
  expect(trouble).toEqual([])
  expect([...fleet.begun].filter(([, digests]) => digests.length !== 1)).toEqual([])
  expect(await verifyChain(database)).toMatchObject({ ok: true, events: events.length })
  expect(replay(events)).toEqual(run)
  await close()
  return { run: run!, passed }
}

/** A controller, and a person who does what the run waits for, until the run is over or the controller is dead. */
async function live(
  ports: DriverPorts,
  database: Database,
  { settle }: SettlingStore,
  hosts: readonly HostId[],
  life: CountedLife,
  clock: ReturnType<typeof fakeClock>,
): Promise<void> {
  const driver = new Driver(ports)
  void driver.start()
  await settle()
  const { type: _, at: __, run: ___, ...request } = startedWith(hosts)
  for (let turn = 0; turn < 500 && !life.dead; turn++) {
    const [run] = await listRuns(database, 1)
    if (!run) void driver.startRun(request)
    else if (hasEnded(run.state)) break
    else if (run.state === 'awaiting-approval')
      void driver.submit(run.id, {
        type: 'approved',
        digest: manifestDigest(run.manifest!),
        approval: approvalBy('ben'),
      })
    else if (run.state === 'approved') void driver.submit(run.id, { type: 'apply-started', by: 'ana' })
    else clock.skip()
    await settle()
  }
  if (!life.dead) await driver.close()
}
