/** How records follow each other. Without schemas, so that what is small on a host can write without loading them. */
import { digestOf } from '../digest.ts'
import type { Digest, Instant } from '../model/ids.ts'
import type { AuditRecord } from './record.ts'

/** Where a chain stands: its newest record, by number and hash. */
export interface ChainEnd {
  readonly sequence: number
  readonly hash: Digest
}

/** The record that follows. */
export function nextRecord(
  end: ChainEnd | null,
  at: Instant,
  entry: object & { readonly type: string },
): { readonly record: AuditRecord; readonly hash: Digest } {
  const record: AuditRecord = {
    format: 'fleetmend.audit/1',
    sequence: (end?.sequence ?? 0) + 1,
    at,
    previous: end?.hash ?? null,
    entry: { ...entry },
  }
  return { record, hash: digestOf(record) }
}

/**
 * Why a record is not the one after `end`, as a sentence; null: it is. With no end known, any record may be the first one
 * that is seen, and only the very first has nothing before it.
 */
export function whyNotNext(end: ChainEnd | null, { sequence, previous }: AuditRecord): string | null {
  if (end === null) {
    if ((previous === null) === (sequence === 1)) return null
    return sequence === 1
      ? 'Record 1 says that there was one before it.'
      : `Record ${sequence} says that none was before it.`
  }
  if (sequence !== end.sequence + 1) return `After record ${end.sequence} comes record ${sequence}.`
  return previous === end.hash ? null : `Record ${sequence} does not hold the hash of record ${end.sequence}.`
}
