/** The record for people: what the controller and its hosts put on record, in the order of time, each in words. */
import {
  AuditRecord,
  ControllerEntry,
  HostEntry,
  hostEntryPerson,
  hostEntryWords,
  type AuditLine,
} from '@fleetmend/shared'
import { saysOfEvent } from '../runs/event-view.ts'
import { findRecords, type RecordFilter } from '../store/audit-records.ts'
import { findHostRecords } from '../store/host-audits.ts'
import { eventByHash } from '../store/run-events.ts'
import type { AuditRecordsTable, Connection, HostAuditRecordsTable } from '../store/tables.ts'
import { entryWords } from './entry-words.ts'

export type AuditFilter = RecordFilter

/** The newest that fit, in the order of time. */
export async function listAudit(db: Connection, filter: AuditFilter): Promise<readonly AuditLine[]> {
  const own = await Promise.all((await findRecords(db, filter)).map((row) => ownLine(db, row)))
  const { by } = filter
  const theirs = (await findHostRecords(db, filter)).map(hostLine).filter((line) => by === undefined || line.by === by)
  return [...own, ...theirs].toSorted((a, b) => (a.at < b.at ? -1 : a.at > b.at ? 1 : 0)).slice(-filter.limit)
}

async function ownLine(db: Connection, row: AuditRecordsTable): Promise<AuditLine> {
  const { sequence, at, host, run, by, type } = row
  const line = { recordedBy: null, sequence, at, type, host, run, by }
  const entry = entryIn(row.record, ControllerEntry)
  if (entry === null) return { ...line, says: unreadable }
  if (entry.type !== 'run-event') return { ...line, says: entryWords(entry) }
  const event = await eventByHash(db, entry.event)
  return { ...line, type: entry.kind, says: event === null ? 'This event is gone.' : saysOfEvent(event.event) }
}

function hostLine({ host, sequence, at, run, record }: HostAuditRecordsTable): AuditLine {
  const entry = entryIn(record, HostEntry)
  const line = { recordedBy: host, sequence, at, host, run }
  if (entry === null) return { ...line, type: '?', by: null, says: unreadable }
  return { ...line, type: entry.type, by: hostEntryPerson(entry), says: hostEntryWords(entry) }
}

const unreadable = 'This cannot be read by this version, or it was changed.'

function entryIn<Entry>(
  text: string,
  schema: { safeParse(value: unknown): { success: true; data: Entry } | { success: false } },
): Entry | null {
  try {
    const record = AuditRecord.safeParse(JSON.parse(text))
    const entry = record.success ? schema.safeParse(record.data.entry) : null
    return entry?.success ? entry.data : null
  } catch {
    return null
  }
}
