/** What is held against the chains of hosts: their keys, the newest heads they signed, copies of their records, alarms. */
import {
  canonicalBytes,
  digestOf,
  HostAlarm,
  keyDigest,
  SignedHead,
  type AuditRecord,
  type Digest,
  type HostId,
} from '@fleetmend/shared'
import type { RecordFilter } from './audit-records.ts'
import type { Connection, HostAuditRecordsTable } from './tables.ts'

export interface HostAudit {
  readonly host: HostId
  /** Pinned when the host enrolled; only another enrolment changes it. SubjectPublicKeyInfo in DER, as base64. */
  readonly publicKey: string
  /** Counts the chains of this name. */
  readonly chain: number
  /** The newest that fitted what was known before. */
  readonly head: SignedHead | null
  readonly alarm: HostAlarm | null
}

/**
 * In the transaction that lets the host in. A host enrolled anew may have another key, and another chain. Answers with the
 * key that this name had before.
 */
export async function pinHost(transaction: Connection, host: HostId, publicKey: string): Promise<Digest | null> {
  const known = await getHostAudit(transaction, host)
  const fresh = { public_key: publicKey, chain: (known?.chain ?? 0) + 1, head: null, alarm: null }
  await transaction
    .insertInto('host_audits')
    .values({ host, ...fresh })
    .onConflict((conflict) => conflict.column('host').doUpdateSet(fresh))
    .execute()
  return known === null ? null : keyDigest(known.publicKey)
}

export async function getHostAudit(db: Connection, host: HostId): Promise<HostAudit | null> {
  const row = await db.selectFrom('host_audits').selectAll().where('host', '=', host).executeTakeFirst()
  return row ? auditOf(row) : null
}

export async function listHostAudits(db: Connection): Promise<readonly HostAudit[]> {
  return (await db.selectFrom('host_audits').selectAll().orderBy('host').execute()).map(auditOf)
}

export async function keepHead(transaction: Connection, host: HostId, head: SignedHead): Promise<void> {
  await transaction
    .updateTable('host_audits')
    .set({ head: JSON.stringify(head) })
    .where('host', '=', host)
    .execute()
}

export async function setAlarm(transaction: Connection, host: HostId, alarm: HostAlarm | null): Promise<void> {
  await transaction
    .updateTable('host_audits')
    .set({ alarm: alarm === null ? null : JSON.stringify(alarm) })
    .where('host', '=', host)
    .execute()
}

/** A person looked and takes the host's record as it is now: what comes next is held against what it shows then. */
export async function beginChainAnew(transaction: Connection, { host, chain }: HostAudit): Promise<void> {
  await transaction
    .updateTable('host_audits')
    .set({ chain: chain + 1, head: null, alarm: null })
    .where('host', '=', host)
    .execute()
}

/** Enough to see what a host did for months; older ones are still on the host, and their hashes in what it signed. */
const keptPerHost = 10_000

export async function keepHostRecords(
  transaction: Connection,
  { host, chain }: HostAudit,
  records: readonly AuditRecord[],
): Promise<void> {
  for (const record of records) {
    const { sequence, at, entry } = record
    const run = typeof entry['run'] === 'string' ? entry['run'] : null
    await transaction
      .insertInto('host_audit_records')
      .values({
        host,
        chain,
        sequence,
        at,
        run,
        record: canonicalBytes(record).toString('utf8'),
        hash: digestOf(record),
      })
      .execute()
  }
  const newest = records.at(-1)?.sequence ?? 0
  await transaction
    .deleteFrom('host_audit_records')
    .where('host', '=', host)
    .where('chain', '=', chain)
    .where('sequence', '<=', newest - keptPerHost)
    .execute()
}

/** Copies of a host's records, in order; of the chain that it has now. */
export async function hostRecordsFrom(
  db: Connection,
  { host, chain }: HostAudit,
  sequence: number,
  limit: number,
): Promise<readonly HostAuditRecordsTable[]> {
  return db
    .selectFrom('host_audit_records')
    .selectAll()
    .where('host', '=', host)
    .where('chain', '=', chain)
    .where('sequence', '>=', sequence)
    .orderBy('sequence')
    .limit(limit)
    .execute()
}

/** The number of its first record about a run, or from an instant on; where there is none, of the newest that it signed. */
export async function firstHostRecord(
  db: Connection,
  { host, chain, head }: HostAudit,
  { run, since }: { readonly run?: string | undefined; readonly since?: string | undefined },
): Promise<number> {
  let query = db
    .selectFrom('host_audit_records')
    .select('sequence')
    .where('host', '=', host)
    .where('chain', '=', chain)
    .orderBy('sequence')
    .limit(1)
  if (run !== undefined) query = query.where('run', '=', run)
  if (since !== undefined) query = query.where('at', '>=', since)
  const newest = head?.head.sequence ?? 1
  return Math.min((await query.executeTakeFirst())?.sequence ?? newest, newest)
}

/** The newest that fit, in order. */
export async function findHostRecords(
  db: Connection,
  { host, run, since, limit }: RecordFilter,
): Promise<readonly HostAuditRecordsTable[]> {
  let query = db
    .selectFrom('host_audit_records')
    .selectAll()
    .orderBy('at', 'desc')
    .orderBy('sequence', 'desc')
    .limit(limit)
  if (host !== undefined) query = query.where('host', '=', host)
  if (run !== undefined) query = query.where('run', '=', run)
  if (since !== undefined) query = query.where('at', '>=', since)
  return (await query.execute()).toReversed()
}

function auditOf(row: {
  readonly host: string
  readonly public_key: string
  readonly chain: number
  readonly head: string | null
  readonly alarm: string | null
}): HostAudit {
  return {
    host: row.host,
    publicKey: row.public_key,
    chain: row.chain,
    head: row.head === null ? null : SignedHead.parse(JSON.parse(row.head)),
    alarm: row.alarm === null ? null : HostAlarm.parse(JSON.parse(row.alarm)),
  }
}
