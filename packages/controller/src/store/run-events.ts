/**
 * The history: every event of every run in one chain, each entry holding the hash of the one before. Whoever keeps an
 * old hash can tell later whether anything before it was changed, taken out or put in. Append-only, by a trigger too.
 */
import { canonicalBytes, Digest, digestOfBytes, type RunId } from '@fleetmend/shared'
import { hostOfEvent, personOfEvent, RecordedEvent, type RunEvent } from '../runs/run-event.ts'
import { appendRecord } from './audit-records.ts'
import type { Connection, RunEventsTable } from './tables.ts'

/** Only within the transaction that changes the run: the chain has one end, and one writer at a time. */
export async function appendEvent(
  transaction: Connection,
  run: RunId,
  revision: number,
  event: RunEvent,
): Promise<RecordedEvent> {
  const last = await transaction
    .selectFrom('run_events')
    .select(['sequence', 'hash'])
    .orderBy('sequence', 'desc')
    .limit(1)
    .executeTakeFirst()
  const recorded = RecordedEvent.parse({
    format: 'fleetmend.event/1',
    sequence: (last?.sequence ?? 0) + 1,
    run,
    revision,
    at: event.at,
    previous: last?.hash ?? null,
    event,
  })
  const bytes = canonicalBytes(recorded)
  const { sequence, at, previous } = recorded
  const hash = digestOfBytes(bytes)
  await transaction
    .insertInto('run_events')
    .values({ sequence, run, revision, at, type: event.type, entry: bytes.toString('utf8'), previous, hash })
    .execute()
  await appendRecord(transaction, { type: 'run-event', run, revision, event: hash, kind: event.type }, at, {
    host: hostOfEvent(event),
    by: personOfEvent(event),
  })
  return { ...recorded, hash }
}

/** In order; from after a sequence, and no more than so many, or all. */
export async function listEvents(
  db: Connection,
  run: RunId,
  afterSequence = 0,
  limit?: number,
): Promise<readonly RecordedEvent[]> {
  const all = db
    .selectFrom('run_events')
    .selectAll()
    .where('run', '=', run)
    .where('sequence', '>', afterSequence)
    .orderBy('sequence')
  const rows = await (limit === undefined ? all : all.limit(limit)).execute()
  return rows.map((row) => ({ ...RecordedEvent.parse(JSON.parse(row.entry)), hash: Digest.parse(row.hash) }))
}

/** As they lie there, in their order, after a number: of one run, or of all. */
export async function storedEvents(
  db: Connection,
  run: RunId | null,
  afterSequence: number,
  limit: number,
): Promise<readonly RunEventsTable[]> {
  let query = db
    .selectFrom('run_events')
    .selectAll()
    .where('sequence', '>', afterSequence)
    .orderBy('sequence')
    .limit(limit)
  if (run !== null) query = query.where('run', '=', run)
  return query.execute()
}

export async function eventByHash(db: Connection, hash: string): Promise<RecordedEvent | null> {
  const row = await db.selectFrom('run_events').selectAll().where('hash', '=', hash).executeTakeFirst()
  const entry = row && RecordedEvent.safeParse(parseJson(row.entry))
  return row && entry?.success ? { ...entry.data, hash: Digest.parse(row.hash) } : null
}

export type ChainVerified =
  | { readonly ok: true; readonly events: number; readonly head: Digest | null }
  | { readonly ok: false; readonly sequence: number; readonly says: string }

/** Computes every hash again. What cannot be seen from inside is that the newest entries are missing: compare the head. */
export async function verifyChain(db: Connection): Promise<ChainVerified> {
  let head: { readonly sequence: number; readonly hash: Digest } | null = null
  for (;;) {
    const rows: RunEventsTable[] = await db
      .selectFrom('run_events')
      .selectAll()
      .where('sequence', '>', head?.sequence ?? 0)
      .orderBy('sequence')
      .limit(pageRows)
      .execute()
    if (rows.length === 0) return { ok: true, events: head?.sequence ?? 0, head: head?.hash ?? null }
    for (const row of rows) {
      const says = whyBroken(row, head)
      if (says !== null) return { ok: false, sequence: row.sequence, says }
      head = { sequence: row.sequence, hash: row.hash as Digest }
    }
  }
}

const pageRows = 500

/** What of an entry does not fit its content or the entry before, as a sentence; null: it fits. */
function whyBroken(
  row: RunEventsTable,
  before: { readonly sequence: number; readonly hash: Digest } | null,
): string | null {
  const expected = (before?.sequence ?? 0) + 1
  if (row.sequence !== expected) return `Entry ${expected} is missing: the next one is ${row.sequence}.`
  const bytes = Buffer.from(row.entry, 'utf8')
  if (digestOfBytes(bytes) !== row.hash) return `Entry ${row.sequence} is not what its hash was computed over.`
  const entry = RecordedEvent.safeParse(parseJson(row.entry))
  if (!entry.success || !canonicalBytes(entry.data).equals(bytes))
    return `Entry ${row.sequence} is not an entry that a controller writes.`
  const { previous, sequence, run, revision, at, event } = entry.data
  if (previous !== (before?.hash ?? null)) return `Entry ${row.sequence} does not follow the entry before it.`
  const same =
    row.previous === previous &&
    row.run === run &&
    row.revision === revision &&
    row.at === at &&
    row.type === event.type &&
    row.sequence === sequence
  return same ? null : `The columns of entry ${row.sequence} do not say what the entry says.`
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
