/** The hosts of the fleet, as records. Whether one is connected right now is not stored: that is true of a moment. */
import { Digest, HostRecord, Labels, SshWay, type HostId, type Instant } from '@fleetmend/shared'
import type { Connection, HostsTable } from './tables.ts'

/** A host that enrols anew under the same name takes the place of the old record. */
export async function putHost(db: Connection, host: HostRecord): Promise<void> {
  const { id, ...columns } = { ...rowOf(host), trusted_authorities: null }
  await db
    .insertInto('hosts')
    .values({ id, ...columns })
    .onConflict((conflict) => conflict.column('id').doUpdateSet(columns))
    .execute()
}

export async function getHost(db: Connection, id: HostId): Promise<HostRecord | null> {
  const row = await db.selectFrom('hosts').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? recordOf(row) : null
}

export type Member = Pick<HostRecord, 'keyFingerprint' | 'enrolledAt'> & { readonly isOverSsh: boolean }

/** What decides whether a line is that of a host of the fleet, without the rest of its record: asked at every connection. */
export async function getMember(db: Connection, id: HostId): Promise<Member | null> {
  const query = db.selectFrom('hosts').select(['key_fingerprint', 'enrolled_at', 'ssh'])
  const row = await query.where('id', '=', id).executeTakeFirst()
  if (!row) return null
  return {
    keyFingerprint: Digest.parse(row.key_fingerprint),
    enrolledAt: row.enrolled_at,
    isOverSsh: row.ssh !== null,
  }
}

export async function listHosts(db: Connection): Promise<readonly HostRecord[]> {
  return (await db.selectFrom('hosts').selectAll().orderBy('id').execute()).map(recordOf)
}

/** Without the rest of their records, which is much where there are many. */
export async function listLabels(db: Connection): Promise<readonly { readonly id: HostId; readonly labels: Labels }[]> {
  const rows = await db.selectFrom('hosts').select(['id', 'labels']).orderBy('id').execute()
  return rows.map(({ id, labels }) => ({ id, labels: Labels.parse(JSON.parse(labels)) }))
}

/** False where there is no such host. */
export async function labelHost(db: Connection, id: HostId, labels: Labels): Promise<boolean> {
  const { numUpdatedRows } = await db
    .updateTable('hosts')
    .set({ labels: JSON.stringify(Labels.parse(labels)) })
    .where('id', '=', id)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

/** From then on its certificate lets it in no more. False where there was no such host. */
export async function removeHost(db: Connection, id: HostId): Promise<boolean> {
  const { numDeletedRows } = await db.deleteFrom('hosts').where('id', '=', id).executeTakeFirst()
  return numDeletedRows > 0n
}

export interface Seen {
  readonly at: Instant
  readonly os: string | null
  readonly agentVersion: string | null
}

/** What the host said of itself when it connected. */
export async function sawHost(db: Connection, id: HostId, { at, os, agentVersion }: Seen): Promise<void> {
  await db
    .updateTable('hosts')
    .set({ last_seen_at: at, os, agent_version: agentVersion })
    .where('id', '=', id)
    .execute()
}

export interface RenewedCertificate {
  readonly fingerprint: Digest
  readonly expiresAt: Instant
}

export async function renewedHost(
  db: Connection,
  id: HostId,
  { fingerprint, expiresAt }: RenewedCertificate,
): Promise<void> {
  await db
    .updateTable('hosts')
    .set({ certificate_fingerprint: fingerprint, certificate_expires_at: expiresAt })
    .where('id', '=', id)
    .execute()
}

/** As the host says that it has saved. */
export async function hostTrusts(db: Connection, id: HostId, authorities: readonly Digest[]): Promise<void> {
  await db
    .updateTable('hosts')
    .set({ trusted_authorities: JSON.stringify(authorities) })
    .where('id', '=', id)
    .execute()
}

/** Those that could not connect if only this authority counted. Who is reached over SSH asks for none. */
export async function hostsNotTrusting(db: Connection, authority: Digest): Promise<readonly HostId[]> {
  const dialling = db.selectFrom('hosts').where('ssh', 'is', null)
  const rows = await dialling.select(['id', 'trusted_authorities']).orderBy('id').execute()
  return rows
    .filter(({ trusted_authorities: known }) => known === null || !(JSON.parse(known) as Digest[]).includes(authority))
    .map(({ id }) => id)
}

function rowOf(host: HostRecord): Omit<HostsTable, 'trusted_authorities'> {
  return {
    id: host.id,
    labels: JSON.stringify(host.labels),
    os: host.os,
    agent_version: host.agentVersion,
    key_fingerprint: host.keyFingerprint,
    certificate_fingerprint: host.certificateFingerprint,
    certificate_expires_at: host.certificateExpiresAt,
    ssh: host.ssh === null ? null : JSON.stringify(SshWay.parse(host.ssh)),
    enrolled_at: host.enrolledAt,
    last_seen_at: host.lastSeenAt,
  }
}

function recordOf(row: Omit<HostsTable, 'trusted_authorities'>): HostRecord {
  return HostRecord.parse({
    id: row.id,
    labels: JSON.parse(row.labels) as unknown,
    os: row.os,
    agentVersion: row.agent_version,
    keyFingerprint: row.key_fingerprint,
    certificateFingerprint: row.certificate_fingerprint,
    certificateExpiresAt: row.certificate_expires_at,
    ssh: row.ssh === null ? null : (JSON.parse(row.ssh) as unknown),
    enrolledAt: row.enrolled_at,
    lastSeenAt: row.last_seen_at,
  })
}
