/** Brings a store up to date, with the same migrations whatever it is kept in. */
import { sql } from 'kysely'
import { Migrator } from 'kysely/migration'
import { migrations } from './migrations/registry.ts'
import type { Database } from './tables.ts'

export type Migrated =
  | { readonly ok: true }
  /** `error`: what the database answered. */
  | { readonly ok: false; readonly says: string; readonly error: unknown }

export async function migrate(database: Database): Promise<Migrated> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...migrations }) } })
  const newer = await migratedByOthers(database)
  if (newer !== null)
    return {
      ok: false,
      error: null,
      says: `a newer version of Fleetmend has written to it (its schema is at ${newer}, this version knows up to ${Object.keys(migrations).at(-1)}). Start that version again, or a newer one`,
    }
  const { error } = await migrator.migrateToLatest()
  if (error === undefined) return { ok: true }
  return { ok: false, says: error instanceof Error ? error.message : 'it failed without a word', error }
}

/** The last migration that was made here and is not known to this version; null: there is none. */
async function migratedByOthers(database: Database): Promise<string | null> {
  const tables = await database.introspection.getTables({ withInternalKyselyTables: true })
  if (!tables.some(({ name }) => name === 'kysely_migration')) return null
  const { rows } = await sql<{ readonly name: string }>`select name from kysely_migration order by name`.execute(
    database,
  )
  return rows.findLast(({ name }) => !Object.hasOwn(migrations, name))?.name ?? null
}
