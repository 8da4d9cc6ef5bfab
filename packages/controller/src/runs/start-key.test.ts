import { randomBytes, randomUUID } from 'node:crypto'
import { beforeEach, describe, expect, test } from 'vitest'
import { fakeClock } from '../../test/fake-clock.ts'
import { fakeFleet } from '../../test/fake-fleet.ts'
import { mortalStore, type Life } from '../../test/mortal.ts'
import { noRules } from '../../test/no-rules.ts'
import { startedWith } from '../../test/sample-run.ts'
import { stores } from '../../test/stores.ts'
import { listRuns, runStore } from '../store/runs.ts'
import type { Database } from '../store/tables.ts'
import { Driver } from './driver.ts'

const { type: _, at: __, run: ___, ...request } = startedWith(['web-1'])
const fail = (error: unknown): never => {
  throw error
}

describe.each(stores)('over $store', ({ open }) => {
  let database: Database
  beforeEach(async () => {
    const opened = await open()
    database = opened.database
    return opened.close
  })

  /** `life`: of a controller that may be killed. */
  function driverOf(life: Life = { point: () => Promise.resolve() }): Driver {
    return new Driver({
      store: mortalStore(runStore(database, { soleWriter: true }), life),
      fleet: fakeFleet({ 'web-1': {} }),
      clock: fakeClock(),
      rules: noRules,
      random: (bytes) => randomBytes(bytes).toString('hex'),
      onBug: fail,
      onFatal: fail,
    })
  }

  const runsThere = async () => (await listRuns(database, 10)).map(({ id }) => id)

  /** Asks a controller that is killed there; resolves when it is dead. */
  function askAndLose(where: string, key: string): Promise<void> {
    return new Promise((resolve) => {
      const point = (at: string): Promise<void> => {
        if (at !== where) return Promise.resolve()
        resolve()
        return new Promise(() => {})
      }
      void driverOf({ point }).startRun(request, key)
    })
  }

  test('whoever lost the answer asks again, and gets the run that they began', async () => {
    const key = randomUUID()
    await askAndLose('after create', key)
    const [begun, ...more] = await runsThere()
    expect(more).toEqual([])
    const driver = driverOf()
    expect((await driver.startRun(request, key)).id).toBe(begun)
    expect(await runsThere()).toEqual([begun])
    await driver.close()
  })

  test('where the first request did not get that far, the second one begins the run', async () => {
    const key = randomUUID()
    await askAndLose('before create', key)
    expect(await runsThere()).toEqual([])
    const driver = driverOf()
    const { id } = await driver.startRun(request, key)
    expect(await runsThere()).toEqual([id])
    await driver.close()
  })

  test('asked twice at the same time, it is one run', async () => {
    const driver = driverOf()
    const key = randomUUID()
    const [one, two] = await Promise.all([driver.startRun(request, key), driver.startRun(request, key)])
    expect(two.id).toBe(one.id)
    expect(await runsThere()).toEqual([one.id])
    await driver.close()
  })

  test('another key, no key, or the key of somebody else is another run', async () => {
    const driver = driverOf()
    const key = randomUUID()
    const runs = [
      await driver.startRun(request, key),
      await driver.startRun(request, randomUUID()),
      await driver.startRun(request),
      await driver.startRun({ ...request, by: 'ben' }, key),
    ]
    expect(new Set(runs.map(({ id }) => id)).size).toBe(4)
    await driver.close()
  })
})
