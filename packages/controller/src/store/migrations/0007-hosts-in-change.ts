/** Which hosts are in change, by which run: one at most. */
import type { Kysely } from 'kysely'

interface Before {
  readonly runs: { readonly id: string; readonly snapshot: string; readonly ended_at: string | null }
  readonly hosts_in_change: { readonly host: string; readonly run: string }
}

export async function up(db: Kysely<Before>): Promise<void> {
  await db.schema
    .createTable('hosts_in_change')
    .addColumn('host', 'text', (column) => column.primaryKey().notNull())
    .addColumn('run', 'text', (column) => column.notNull().references('runs.id'))
    .execute()
  const open = await db.selectFrom('runs').select(['id', 'snapshot']).where('ended_at', 'is', null).execute()
  for (const { id, snapshot } of open) {
    const { hosts } = JSON.parse(snapshot) as { readonly hosts: readonly { id: string; state: string }[] }
    for (const host of hosts)
      if (host.state === 'applying' || host.state === 'lost')
        await db
          .insertInto('hosts_in_change')
          .values({ host: host.id, run: id })
          .onConflict((conflict) => conflict.doNothing())
          .execute()
  }
}
