/** What is known of hosts' lines: which authorities each trusts, and where a join token was used. */
import type { Kysely } from 'kysely'

export async function up(db: Kysely<unknown>): Promise<void> {
  await db.schema.alterTable('hosts').addColumn('trusted_authorities', 'text').execute()
  await db.schema.alterTable('join_tokens').addColumn('used_from', 'text').execute()
}
