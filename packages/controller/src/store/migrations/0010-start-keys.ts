/** By what a request to begin a run is known again, so that the same request begins one run, however often it is made. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('runs').addColumn('start_key', 'text').execute()
  // Runs from before have none, which is no value that could be there twice.
  await db.schema.createIndex('runs_by_start_key').unique().on('runs').column('start_key').execute()
}
