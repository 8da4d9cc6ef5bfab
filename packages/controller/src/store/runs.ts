/** Runs in the database: the run as it is now beside the events that made it so, and whose it is to carry on. */
import { ApplyReport, Follower, hasEnded, RunState, type Run, type RunId } from '@fleetmend/shared'
import type { RunEvent } from '../runs/run-event.ts'
import type { Created, Lease, RunStore, Saved, StartKey, StoredRun } from '../runs/run-store.ts'
import { forgetGivenUp, listInChange, moveHosts } from './hosts-in-change.ts'
import { putPlan } from './plans.ts'
import { appendEvent } from './run-events.ts'
import { putRunHosts } from './run-hosts.ts'
import { putRunParts } from './run-parts.ts'
import { snapshotOf, wholeRuns, type Row } from './whole-runs.ts'
import type { Connection, Database } from './tables.ts'

export interface RunStoreOptions {
  /** The database is one process's alone, so leases that a dead process left are taken over at once. */
  readonly soleWriter: boolean
}

/** Thrown to take the whole transaction back. */
class NoRoom extends Error {}

export function runStore(database: Database, { soleWriter }: RunStoreOptions): RunStore {
  return {
    create: (run, started, lease, key) =>
      database.transaction().execute(async (transaction): Promise<Created> => {
        const known = key ? await startedWith(transaction, key) : null
        if (known !== null) return { kind: 'known', run: known }
        const { id, startedAt: started_at } = run
        const follows = { follows: run.follows?.run ?? null, follows_as: run.follows?.as ?? null }
        await transaction
          .insertInto('runs')
          .values({
            id,
            started_at,
            revision: 1,
            ...follows,
            ...columnsOf(run),
            ...leaseOf(lease),
            canaries: JSON.stringify(run.canaries),
            start_key: key ? textOf(key) : null,
          })
          .execute()
        await putRunHosts(transaction, run, null)
        await putRunParts(transaction, run, null)
        return { kind: 'created', recorded: await appendEvent(transaction, id, 1, started) }
      }),

    startedWith: (key) => startedWith(database, key),

    // Both lists of one moment.
    inChange: () => database.transaction().execute(listInChange),

    forgetGivenUp: (host, run) => forgetGivenUp(database, host, run),

    save: async ({ run, revision }, event, lease, hosts) => {
      const saving = database.transaction().execute(async (transaction): Promise<Saved> => {
        const changed = await transaction
          .updateTable('runs')
          .set({ revision, ...columnsOf(run) })
          .where('id', '=', run.id)
          .where('revision', '=', revision - 1)
          // One that has ended is nobody's: what is still heard of its hosts is saved by whoever hears it.
          .where((row) => row.or([row('lease_owner', '=', lease.owner), row('ended_at', 'is not', null)]))
          .executeTakeFirst()
        if (changed.numUpdatedRows === 0n) return { kind: 'not-ours' }
        if (!(await moveHosts(transaction, run.id, hosts))) throw new NoRoom()
        await putRunHosts(transaction, run, hosts.since)
        await putRunParts(transaction, run, hosts.since)
        await putDocuments(transaction, run, event)
        return { kind: 'saved', recorded: await appendEvent(transaction, run.id, revision, event) }
      })
      try {
        return await saving
      } catch (error) {
        if (error instanceof NoRoom) return { kind: 'no-room' }
        throw error
      }
    },

    load: (id) =>
      // Both in one transaction: an event between them would give a run that never was.
      database.transaction().execute(async (transaction) => {
        const row = await transaction
          .selectFrom('runs')
          .select(['id', 'snapshot', 'canaries', 'revision'])
          .where('id', '=', id)
          .executeTakeFirst()
        const [stored] = row ? await storedRuns(transaction, [row]) : []
        return stored ?? null
      }),

    claim: (lease, nowMs, mine) =>
      database.transaction().execute(async (transaction) => {
        const rows = await transaction
          .selectFrom('runs')
          .select(['id', 'lease_owner', 'lease_expires_ms'])
          .where('ended_at', 'is', null)
          .orderBy('id')
          .execute()
        const free = rows.filter(
          (row) => row.lease_owner === lease.owner || soleWriter || row.lease_expires_ms <= nowMs,
        )
        for (const { id } of free)
          await transaction.updateTable('runs').set(leaseOf(lease)).where('id', '=', id).execute()
        const taken = free.map(({ id }) => id).filter((id) => !mine.includes(id))
        if (taken.length === 0) return []
        const found = await transaction
          .selectFrom('runs')
          .select(['id', 'snapshot', 'canaries', 'revision'])
          .where('id', 'in', taken)
          .orderBy('id')
          .execute()
        return storedRuns(transaction, found)
      }),
  }
}

async function startedWith(db: Connection, key: StartKey): Promise<RunId | null> {
  const row = await db.selectFrom('runs').select('id').where('start_key', '=', textOf(key)).executeTakeFirst()
  return row?.id ?? null
}

/** A key has no space in it. */
function textOf({ by, key }: StartKey): string {
  return `${key} ${by}`
}

/** Newest first. An id counts seconds, so it cannot tell which of two runs of one second is the newer. */
export function listRuns(database: Database, limit: number): Promise<readonly Run[]> {
  return database.transaction().execute(async (transaction) => {
    const rows = await transaction
      .selectFrom('runs')
      .select(['id', 'snapshot', 'canaries'])
      .orderBy('started_at', 'desc')
      .orderBy('id', 'desc')
      .limit(limit)
      .execute()
    return wholeRuns(transaction, rows)
  })
}

/** The runs that took up hosts of this one, the oldest first. */
export async function listFollowers(db: Connection, run: RunId): Promise<readonly Follower[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'follows_as', 'state'])
    .where('follows', '=', run)
    .orderBy('started_at')
    .orderBy('id')
    .execute()
  return rows.map(({ id, follows_as, state }) => Follower.parse({ run: id, as: follows_as, state }))
}

/** As `listRuns`, without their hosts, of which a run may have thousands. */
export async function listRunStates(
  db: Connection,
  limit: number,
): Promise<readonly { readonly id: RunId; readonly state: RunState }[]> {
  const rows = await db
    .selectFrom('runs')
    .select(['id', 'state'])
    .orderBy('started_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(({ id, state }) => ({ id, state: RunState.parse(state) }))
}

/** The last report of each host that was begun. */
export async function listReports(db: Connection, run: RunId): Promise<readonly ApplyReport[]> {
  const rows = await db.selectFrom('applies').select('report').where('run', '=', run).orderBy('host').execute()
  return rows.map(({ report }) => ApplyReport.parse(JSON.parse(report)))
}

/** Documents that stay as they are, so that they need not be written with every event. */
async function putDocuments(transaction: Connection, run: Run, event: RunEvent): Promise<void> {
  if (event.type === 'host-planned') await putPlan(transaction, event.record)
  if ((event.type !== 'host-applied' && event.type !== 'host-answered') || event.report === null) return
  const { host, plan } = event.report
  const report = JSON.stringify(event.report)
  await transaction
    .insertInto('applies')
    .values({ run: run.id, host, plan, report })
    .onConflict((conflict) => conflict.columns(['run', 'host']).doUpdateSet({ plan, report }))
    .execute()
}

function columnsOf(run: Run): { readonly state: string; readonly snapshot: string; readonly ended_at: string | null } {
  return { state: run.state, snapshot: snapshotOf(run), ended_at: hasEnded(run.state) ? run.endedAt : null }
}

function leaseOf({ owner, expiresMs }: Lease): { readonly lease_owner: string; readonly lease_expires_ms: number } {
  return { lease_owner: owner, lease_expires_ms: expiresMs }
}

async function storedRuns(
  db: Connection,
  rows: readonly (Row & { readonly revision: number })[],
): Promise<readonly StoredRun[]> {
  const runs = await wholeRuns(db, rows)
  return rows.flatMap(({ revision }, n) => (runs[n] ? [{ run: runs[n], revision }] : []))
}
