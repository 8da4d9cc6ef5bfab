/** The controller's chain of records, append-only, by a trigger too: each holds the hash of the one before. */
import {
  canonicalBytes,
  Digest,
  nextRecord,
  type ChainEnd,
  type ControllerEntry,
  type Instant,
} from '@fleetmend/shared'
import type { AuditRecordsTable, Connection } from './tables.ts'

/** By what a record is found that does not say it itself. No part of the chain. */
export interface About {
  readonly host?: string | null
  readonly by?: string | null
}

/** Only within the transaction that does what is recorded: both are there or neither is, and the chain has one writer. */
export async function appendRecord(
  transaction: Connection,
  entry: ControllerEntry,
  at: Instant,
  { host, by }: About = {},
): Promise<ChainEnd> {
  const { record, hash } = nextRecord(await chainEnd(transaction), at, wellFormed(entry))
  await transaction
    .insertInto('audit_records')
    .values({
      sequence: record.sequence,
      at,
      type: entry.type,
      host: host ?? ('host' in entry ? entry.host : null),
      run: 'run' in entry ? entry.run : null,
      by: by ?? ('by' in entry ? entry.by : null),
      record: canonicalBytes(record).toString('utf8'),
      hash,
    })
    .execute()
  return { sequence: record.sequence, hash }
}

/** Null: nothing is on record yet. */
export async function chainEnd(db: Connection): Promise<ChainEnd | null> {
  const last = await db
    .selectFrom('audit_records')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  return last ? { sequence: last.sequence, hash: Digest.parse(last.hash) } : null
}

/** In order, a bounded number at a time, with the text that the hash was made of. */
export async function recordsFrom(
  db: Connection,
  sequence: number,
  limit: number,
): Promise<readonly AuditRecordsTable[]> {
  return db
    .selectFrom('audit_records')
    .selectAll()
    .where('sequence', '>=', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute()
}

export interface RecordFilter {
  readonly host?: string | undefined
  readonly run?: string | undefined
  readonly by?: string | undefined
  readonly since?: string | undefined
  readonly limit: number
}

/** The newest that fit, in order. */
export async function findRecords(
  db: Connection,
  { host, run, by, since, limit }: RecordFilter,
): Promise<readonly AuditRecordsTable[]> {
  let query = db.selectFrom('audit_records').selectAll().orderBy('sequence', 'desc').limit(limit)
  if (host !== undefined) query = query.where('host', '=', host)
  if (run !== undefined) query = query.where('run', '=', run)
  if (by !== undefined) query = query.where('by', '=', by)
  if (since !== undefined) query = query.where('at', '>=', since)
  return (await query.execute()).toReversed()
}

/** The number of the first record of a run, or from an instant on; null: there is none. */
export async function firstRecord(
  db: Connection,
  { run, since }: { readonly run?: string | undefined; readonly since?: string | undefined },
): Promise<number | null> {
  let query = db.selectFrom('audit_records').select('sequence').orderBy('sequence').limit(1)
  if (run !== undefined) query = query.where('run', '=', run)
  if (since !== undefined) query = query.where('at', '>=', since)
  return (await query.executeTakeFirst())?.sequence ?? null
}

/** How many of a kind came since an instant. */
export async function countSince(db: Connection, type: string, at: Instant): Promise<number> {
  const { count } = await db
    .selectFrom('audit_records')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('type', '=', type)
    .where('at', '>', at)
    .executeTakeFirstOrThrow()
  return count
}

/** How often it was said since an instant that records of this kind are left out. */
export async function countLeftOut(db: Connection, kind: ControllerEntry['type'], at: Instant): Promise<number> {
  const { count } = await db
    .selectFrom('audit_records')
    .select(({ fn }) => fn.countAll<number>().as('count'))
    .where('type', '=', 'left-out')
    .where('record', 'like', `%"kind":"${kind}"%`)
    .where('at', '>', at)
    .executeTakeFirstOrThrow()
  return count
}

/** Half of a surrogate pair has no canonical form; words of hosts and people may hold one. */
function wellFormed(entry: ControllerEntry): ControllerEntry {
  return JSON.parse(JSON.stringify(entry), (_, value: unknown) =>
    typeof value === 'string' ? value.toWellFormed() : value,
  ) as ControllerEntry
}
