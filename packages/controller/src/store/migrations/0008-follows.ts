/** Which run takes up hosts of another one, so that the other one can tell. */
import type { Kysely } from 'kysely'

interface Before {
  readonly runs: {
    readonly id: string
    readonly snapshot: string
    readonly follows: string | null
    readonly follows_as: string | null
  }
}

export async function up(db: Kysely<Before>): Promise<void> {
  await db.schema.alterTable('runs').addColumn('follows', 'text').execute()
  await db.schema.alterTable('runs').addColumn('follows_as', 'text').execute()
  await db.schema.createIndex('runs_by_follows').on('runs').column('follows').execute()
  // One after the other: a run of a big fleet is some megabytes.
  for (const { id } of await db.selectFrom('runs').select('id').execute()) {
    const { snapshot } = await db.selectFrom('runs').select('snapshot').where('id', '=', id).executeTakeFirstOrThrow()
    const { follows } = JSON.parse(snapshot) as {
      readonly follows?: { readonly run: string; readonly as: string } | null
    }
    if (!follows) continue
    await db.updateTable('runs').set({ follows: follows.run, follows_as: follows.as }).where('id', '=', id).execute()
  }
}
