/** The first tables. Imports nothing but kysely: a migration must do tomorrow what it did today. */
import type { Kysely } from 'kysely'
import { appendOnly } from './append-only.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('runs')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('state', 'text', (column) => column.notNull())
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('snapshot', 'text', (column) => column.notNull())
    .addColumn('started_at', 'text', (column) => column.notNull())
    .addColumn('ended_at', 'text')
    .addColumn('lease_owner', 'text')
    .addColumn('lease_expires_ms', 'integer', (column) => column.notNull())
    .execute()
  await db.schema.createIndex('runs_by_end').on('runs').columns(['ended_at', 'id']).execute()

  await db.schema
    .createTable('run_events')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('revision', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('entry', 'text', (column) => column.notNull())
    .addColumn('previous', 'text')
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .addUniqueConstraint('run_events_by_run', ['run', 'revision'])
    .execute()
  await appendOnly(db, 'run_events')

  await db.schema
    .createTable('applies')
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('plan', 'text', (column) => column.notNull())
    .addColumn('report', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('applies_key', ['run', 'host'])
    .execute()

  await db.schema
    .createTable('plans')
    .addColumn('digest', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('record', 'text', (column) => column.notNull())
    .execute()

  await db.schema
    .createTable('hosts')
    .addColumn('id', 'text', (column) => column.primaryKey().notNull())
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('os', 'text')
    .addColumn('agent_version', 'text')
    .addColumn('key_fingerprint', 'text', (column) => column.notNull())
    .addColumn('certificate_fingerprint', 'text', (column) => column.notNull())
    .addColumn('certificate_expires_at', 'text', (column) => column.notNull())
    .addColumn('enrolled_at', 'text', (column) => column.notNull())
    .addColumn('last_seen_at', 'text')
    .execute()

  await db.schema
    .createTable('join_tokens')
    .addColumn('secret_hash', 'text', (column) => column.primaryKey().notNull())
    .addColumn('host', 'text')
    .addColumn('labels', 'text', (column) => column.notNull())
    .addColumn('made_by', 'text', (column) => column.notNull())
    .addColumn('made_at', 'text', (column) => column.notNull())
    .addColumn('expires_at', 'text', (column) => column.notNull())
    .addColumn('used_at', 'text')
    .addColumn('used_by', 'text')
    .execute()
}
