/**
 * Opens the controller's database: one file that only its owner can read, that survives a crash of the process and of
 * the machine, and that one controller has for itself.
 */
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import { Migrator } from 'kysely/migration'
import { nodeSqliteDialect } from './dialect.ts'
import { migrations } from './migrations/registry.ts'
import { createPrivateFile, openPrivateFolder } from './private-folder.ts'
import type { Database, Tables } from './tables.ts'

export type StoreOpened =
  | { readonly ok: true; readonly database: Database }
  | { readonly ok: false; readonly says: string }

/** Close it with `database.destroy()`. */
export async function openStore(folder: string): Promise<StoreOpened> {
  const opened = await openPrivateFolder(folder)
  if (!opened.ok) return opened
  const path = join(folder, 'controller.sqlite')
  await createPrivateFile(path)
  const connected = connect(path)
  if (!connected.ok) return connected
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(connected.sqlite) })
  const migrated = await migrate(database)
  if (migrated.ok) return { ok: true, database }
  await database.destroy()
  return { ok: false, says: `Cannot bring ${path} up to date: ${migrated.says}. Nothing in it was changed.` }
}

/** A database that is gone when it is closed; the same schema, for trying things out. */
export async function openMemoryStore(sqlite = new DatabaseSync(':memory:')): Promise<Database> {
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(sqlite) })
  const migrated = await migrate(database)
  if (!migrated.ok) throw new Error(migrated.says)
  return database
}

type Connected = { readonly ok: true; readonly sqlite: DatabaseSync } | { readonly ok: false; readonly says: string }

function connect(path: string): Connected {
  let sqlite: DatabaseSync | null = null
  try {
    sqlite = new DatabaseSync(path)
    for (const pragma of pragmas) sqlite.prepare(`pragma ${pragma}`).all()
    // In this locking mode the first write takes the lock for as long as the process lives.
    sqlite.prepare('begin immediate').run()
    sqlite.prepare('commit').run()
    return { ok: true, sqlite }
  } catch (error) {
    sqlite?.close()
    const says = sqliteSays(error)
    if (says === null) throw error
    return { ok: false, says: `Cannot open ${path}: ${says}` }
  }
}

/**
 * WAL with `synchronous=FULL`: an event that was acknowledged is on disk, even when the power fails. Exclusive: two
 * controllers on one file would both carry out the same runs; the kernel drops the lock when a process is killed.
 */
const pragmas = ['locking_mode = exclusive', 'journal_mode = wal', 'synchronous = full', 'foreign_keys = on'] as const

/** SQLite's result codes (sqlite.org/rescode.html); null for what SQLite did not say. */
function sqliteSays(error: unknown): string | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  switch (error.errcode & 0xff) {
    case 5: // SQLITE_BUSY
      return 'another controller is using it. Stop that one first, or give this one another folder.'
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return 'it is damaged or not a database of a controller. Move it away and bring back a copy.'
    default:
      return `${error.message}.`
  }
}

async function migrate(
  database: Database,
): Promise<{ readonly ok: true } | { readonly ok: false; readonly says: string }> {
  const migrator = new Migrator({ db: database, provider: { getMigrations: async () => ({ ...migrations }) } })
  const { error } = await migrator.migrateToLatest()
  return error === undefined
    ? { ok: true }
    : { ok: false, says: error instanceof Error ? error.message : 'it failed without a word' }
}
