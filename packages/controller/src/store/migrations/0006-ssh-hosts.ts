/** Hosts that are reached over SSH: they have a way to them in the place of a certificate. */
import { sql, type Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  // A column that may be empty from now on takes another table: SQLite cannot change one (lang_altertable.html).
  await db.schema
    .createTable('hosts_of_all_ways')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('os', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('key_fingerprint', 'text', (column) => column.notNull())
    .addColumn('certificate_fingerprint', 'text')
    .addColumn('certificate_expires_at', 'text')
    .addColumn('ssh', 'text')
    .addColumn('enrolled_at', 'text', (column) => column.notNull())
    .addColumn('last_seen_at', 'text')
    .addColumn('trusted_authorities', 'text')
    .execute()
  const columns = sql.raw(
    'id, labels, os, agent_version, key_fingerprint, certificate_fingerprint, certificate_expires_at, enrolled_at, last_seen_at, trusted_authorities',
  )
  await sql`insert into hosts_of_all_ways (${columns}) select ${columns} from hosts`.execute(db)
  await db.schema.dropTable('hosts').execute()
  await db.schema.alterTable('hosts_of_all_ways').renameTo('hosts').execute()
}
