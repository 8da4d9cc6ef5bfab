/** Puts on record what the controller does, together with the deed: both are on disk or neither is. */
import {
  exitCodes,
  problemKinds,
  type ControllerEntry,
  type HostId,
  type Problem,
  type ProblemCode,
  type RunId,
} from '@fleetmend/shared'
import type { Clock } from '../runs/clock.ts'
import { appendRecord, chainEnd, countLeftOut, countSince } from '../store/audit-records.ts'
import type { Connection, Database } from '../store/tables.ts'

/**
 * A deed in the store and its record, in one transaction. What belongs into the record is everything that changes what
 * somebody may do or what a host does: invitations, enrolments, removals, tokens made and revoked. Never a secret, and no
 * text longer than a person would write. Events of runs are put on record by the store itself.
 */
export function recorded<Value>(
  database: Database,
  clock: Pick<Clock, 'nowMs'>,
  deed: (transaction: Connection, record: (entry: ControllerEntry) => Promise<void>) => Promise<Value>,
): Promise<Value> {
  return database.transaction().execute((transaction) =>
    deed(transaction, async (entry) => {
      await appendRecord(transaction, entry, instantOf(clock))
    }),
  )
}

export interface Refusal {
  /** Null: nobody knows who it was. */
  readonly by: string | null
  /** What was asked for, as the router calls it: `runs.approve`. */
  readonly asked: string
  readonly code: ProblemCode
  readonly host?: HostId
  readonly run?: RunId
}

/** Whether a refusal says something about who asked or what was shown; a bad moment and a slip of the keyboard do not. */
export function isTelling(code: ProblemCode): boolean {
  return problemKinds[code].exit === exitCodes.refused && code !== 'run-not-ready' && code !== 'too-many-requests'
}

/** More than this is a flood, which must not fill the disk; that it came is on record once. */
const refusalsPerHour = 200
/** Of hosts that are asked again and again. */
const liesPerHour = 200
const hourMs = 60 * 60_000

/**
 * A request that was refused because of who asked or of what was signed: not signed in, not permitted, a bad token or
 * certificate, a signature that does not count. Slips of the keyboard do not belong here.
 */
export async function recordRefusal(
  database: Database,
  clock: Pick<Clock, 'nowMs'>,
  { by, asked, code, host, run }: Refusal,
): Promise<void> {
  const entry: ControllerEntry = {
    type: 'refused',
    by: by?.slice(0, 300) ?? null,
    asked: asked.slice(0, 100),
    code,
    host: host ?? null,
    run: run ?? null,
  }
  await database.transaction().execute((transaction) => appendBounded(transaction, entry, clock, refusalsPerHour))
}

/** A host answered with what cannot be true, outside of any run: in a run it is an event of that. */
export async function recordLie(
  database: Database,
  clock: Pick<Clock, 'nowMs'>,
  host: HostId,
  { code, detail }: Problem,
): Promise<void> {
  const entry: ControllerEntry = { type: 'host-not-believed', host, code, says: detail.slice(0, 4000) }
  await database.transaction().execute((transaction) => appendBounded(transaction, entry, clock, liesPerHour))
}

async function appendBounded(
  transaction: Connection,
  entry: ControllerEntry,
  clock: Pick<Clock, 'nowMs'>,
  perHour: number,
): Promise<void> {
  const nowMs = clock.nowMs()
  const hourAgo = new Date(nowMs - hourMs).toISOString()
  if ((await countSince(transaction, entry.type, hourAgo)) < perHour) {
    await appendRecord(transaction, entry, instantOf(clock))
    return
  }
  if ((await countLeftOut(transaction, entry.type, hourAgo)) > 0) return
  const until = new Date(nowMs + hourMs).toISOString()
  await appendRecord(transaction, { type: 'left-out', kind: entry.type, until }, instantOf(clock))
}

/** The first record there is. */
export async function beginRecord(database: Database, clock: Pick<Clock, 'nowMs'>, fleet: string): Promise<void> {
  await database.transaction().execute(async (transaction) => {
    if ((await chainEnd(transaction)) === null)
      await appendRecord(transaction, { type: 'began', fleet }, instantOf(clock))
  })
}

function instantOf(clock: Pick<Clock, 'nowMs'>): string {
  return new Date(clock.nowMs()).toISOString()
}
