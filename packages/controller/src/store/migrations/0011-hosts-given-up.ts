/** Hosts that were begun and not heard of again. Those of runs that are over were not counted when they were, and are not now. */
import type { Kysely } from 'kysely'

interface Before {
  readonly runs: { readonly id: string; readonly ended_at: string | null }
  readonly run_hosts: { readonly run: string; readonly host: string }
  readonly hosts_given_up: { readonly host: string; readonly run: string }
}

export async function up(db: Kysely<Before>): Promise<void> {
  await db.schema
    .createTable('hosts_given_up')
    .addColumn('host', 'text', (column) => column.notNull())
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .addPrimaryKeyConstraint('hosts_given_up_key', ['host', 'run'])
    .execute()
  for (const { id: run } of await db.selectFrom('runs').select('id').where('ended_at', 'is', null).execute()) {
    const rows = await db.selectFrom('run_hosts').select('host').where('run', '=', run).execute()
    const hosts = rows.map(({ host }) => JSON.parse(host) as { readonly id: string; readonly state: string })
    for (const { id: host, state } of hosts)
      if (state === 'unknown') await db.insertInto('hosts_given_up').values({ host, run }).execute()
  }
}
