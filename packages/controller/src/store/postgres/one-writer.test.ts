/** Two controllers on one database, as replicas will be: what they write at once stands one after the other in one chain. */
import { nextRecord, type ChainEnd, type ControllerEntry } from '@fleetmend/shared'
import { describe, expect, onTestFinished, test } from 'vitest'
import { bare, hasPostgres, migratedDatabase } from '../../../test/postgres.ts'
import { planned, startedWith } from '../../../test/sample-run.ts'
import { begin } from '../../runs/transition.ts'
import { appendRecord, recordsFrom } from '../audit-records.ts'
import { verifyChain } from '../run-events.ts'
import { runStore } from '../runs.ts'

const lease = { owner: 'me', expiresMs: 0 }

async function two() {
  const made = await migratedDatabase()
  const both = [await bare(made.address), await bare(made.address)] as const
  onTestFinished(async () => {
    for (const database of both) await database.destroy()
    await made.drop()
  })
  return both
}

describe.skipIf(!hasPostgres)('two connections', () => {
  test('append to one chain of events, each entry after the one before', async () => {
    const both = await two()
    const ids = Array.from({ length: 40 }, (_, n) => `r-20261121-031455-${String(n).padStart(4, '0')}`)
    await Promise.all(
      ids.map((run, n) => {
        const first = { ...startedWith(['web-1']), run }
        return runStore(both[n % 2]!, { soleWriter: false }).create(begin(first).run, first, lease)
      }),
    )
    expect(await verifyChain(both[0])).toMatchObject({ ok: true, events: ids.length })
    const records = await recordsFrom(both[1], 1, 100)
    let end: ChainEnd | null = null
    for (const row of records) {
      const { entry } = JSON.parse(row.record) as { readonly entry: ControllerEntry }
      const { record, hash } = nextRecord(end, row.at, entry)
      expect(row.hash).toBe(hash)
      end = { sequence: record.sequence, hash }
    }
    expect(end?.sequence).toBe(ids.length)
  })

  test('append records at the same time, and none is refused', async () => {
    const both = await two()
    const append = (n: number) =>
      both[n % 2]!.transaction().execute((transaction) =>
        appendRecord(transaction, { type: 'began', fleet: `f-${n}` }, '2026-11-21T03:14:55.000Z'),
      )
    const ends = await Promise.all(Array.from({ length: 40 }, (_, n) => append(n)))
    expect(ends.map(({ sequence }) => sequence).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 40 }, (_, n) => n + 1),
    )
  })

  test('of a host that both want, one gets it', async () => {
    const both = await two()
    const runs = both.map((_, n) => ({ ...startedWith(['web-1']), run: `r-20261121-031455-000${n}` }))
    await Promise.all(
      runs.map((first, n) => runStore(both[n]!, { soleWriter: false }).create(begin(first).run, first, lease)),
    )
    const saved = await Promise.all(
      runs.map((first, n) =>
        runStore(both[n]!, { soleWriter: false }).save(
          { run: begin(first).run, revision: 2 },
          planned('web-1'),
          lease,
          { begun: ['web-1'], left: [], givenUp: [], known: [], limits: [], since: null },
        ),
      ),
    )
    expect(saved.map(({ kind }) => kind).toSorted()).toEqual(['no-room', 'saved'])
  })
})
