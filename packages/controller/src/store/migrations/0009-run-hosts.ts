/** The hosts of a run get rows of their own: an event then writes those that it changes, and not all of them. */
import type { Kysely } from 'kysely'

interface Before {
  readonly runs: { readonly id: string; readonly snapshot: string }
  readonly run_hosts: { readonly run: string; readonly position: number; readonly host: string }
}

/** What of a snapshot is taken out of it. Snapshots of tests may have neither. */
interface Whole {
  readonly hosts?: readonly object[]
  readonly groups?: readonly { readonly hosts?: readonly string[] }[]
}

const rowsAtOnce = 500

export async function up(db: Kysely<Before>): Promise<void> {
  await db.schema
    .createTable('run_hosts')
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addColumn('position', 'integer', (column) => column.notNull())
    .addColumn('host', 'text', (column) => column.notNull())
    .addPrimaryKeyConstraint('run_hosts_key', ['run', 'position'])
    .execute()
  // One after the other: a run of a big fleet is some megabytes.
  for (const { id } of await db.selectFrom('runs').select('id').execute()) {
    const row = await db.selectFrom('runs').select('snapshot').where('id', '=', id).executeTakeFirstOrThrow()
    const { hosts = [], ...rest } = JSON.parse(row.snapshot) as Whole
    const rows = hosts.map((host, position) => ({ run: id, position, host: JSON.stringify(host) }))
    for (let begin = 0; begin < rows.length; begin += rowsAtOnce)
      await db
        .insertInto('run_hosts')
        .values(rows.slice(begin, begin + rowsAtOnce))
        .execute()
    // Each host says which group it is in.
    const groups = rest.groups?.map((group) => ({ ...group, hosts: undefined }))
    const snapshot = JSON.stringify({ ...rest, ...(groups ? { groups } : {}) })
    await db.updateTable('runs').set({ snapshot }).where('id', '=', id).execute()
  }
}
