/** The controller's own chain of records, and what it keeps of those of its hosts. */
import type { Kysely } from 'kysely'
import { appendOnly } from './append-only.ts'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema
    .createTable('audit_records')
    .addColumn('sequence', 'integer', (column) => column.primaryKey().notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('type', 'text', (column) => column.notNull())
    .addColumn('host', 'text')
    .addColumn('run', 'text')
    .addColumn('by', 'text')
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull().unique())
    .execute()
  await db.schema.createIndex('audit_records_by_type').on('audit_records').columns(['type', 'at']).execute()
  await db.schema.createIndex('audit_records_by_run').on('audit_records').columns(['run', 'sequence']).execute()
  await appendOnly(db, 'audit_records')

  await db.schema
    .createTable('host_audits')
    .addColumn('host', 'text', (column) => column.primaryKey().notNull())
    .addColumn('public_key', 'text', (column) => column.notNull())
    .addColumn('chain', 'integer', (column) => column.notNull())
    .addColumn('head', 'text')
    .addColumn('alarm', 'text')
    .execute()

  await db.schema
    .createTable('host_audit_records')
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('chain', 'integer', (column) => column.notNull())
    .addColumn('sequence', 'integer', (column) => column.notNull())
    .addColumn('at', 'text', (column) => column.notNull())
    .addColumn('run', 'text')
    .addColumn('record', 'text', (column) => column.notNull())
    .addColumn('hash', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('host_audit_records_key', ['host', 'chain', 'sequence'])
    .execute()
}
