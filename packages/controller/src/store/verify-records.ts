/** Computes every hash of the controller's chain of records again, over the text that is stored. */
import { AuditRecord, canonicalBytes, digestOfBytes, whyNotNext, type ChainEnd, type Digest } from '@fleetmend/shared'
import { recordsFrom } from './audit-records.ts'
import type { AuditRecordsTable, Connection } from './tables.ts'

export type RecordsVerified =
  | { readonly ok: true; readonly head: Digest | null }
  | { readonly ok: false; readonly says: string }

export async function verifyRecords(db: Connection): Promise<RecordsVerified> {
  let end: ChainEnd | null = null
  for (;;) {
    const rows = await recordsFrom(db, (end?.sequence ?? 0) + 1, pageRows)
    if (rows.length === 0) return { ok: true, head: end?.hash ?? null }
    for (const row of rows) {
      const read = readRecord(row)
      if (read === null) return { ok: false, says: `Record ${row.sequence} is not what its hash was computed over.` }
      const says = end === null && row.sequence > 1 ? 'Record 1 is missing.' : whyNotNext(end, read)
      if (says !== null) return { ok: false, says }
      end = { sequence: row.sequence, hash: row.hash as Digest }
    }
  }
}

const pageRows = 500

function readRecord({ sequence, record: text, hash }: AuditRecordsTable): AuditRecord | null {
  const bytes = Buffer.from(text, 'utf8')
  if (digestOfBytes(bytes) !== hash) return null
  const record = AuditRecord.safeParse(JSON.parse(text))
  if (!record.success || !canonicalBytes(record.data).equals(bytes)) return null
  return record.data.sequence === sequence ? record.data : null
}
