/** A store in one file, that only its owner can read and that survives a crash of the process and of the machine. */
import { join } from 'node:path'
import { backup, DatabaseSync } from 'node:sqlite'
import { Kysely } from 'kysely'
import type { ProblemCode } from '@fleetmend/shared'
import { migrate } from './migrate.ts'
import { nodeSqliteDialect } from './sqlite-dialect.ts'
import { createPrivateFile } from './private-folder.ts'
import type { Store } from './open-store.ts'
import type { Database, Tables } from './tables.ts'

export type SqliteOpened =
  | ({ readonly ok: true } & Store)
  | { readonly ok: false; readonly code: ProblemCode; readonly says: string }

/** In a folder that is there, and nobody else's. */
export async function openSqlite(folder: string): Promise<SqliteOpened> {
  const path = join(folder, 'controller.sqlite')
  await createPrivateFile(path)
  const connected = connect(path)
  if (!connected.ok) return connected
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(connected.sqlite) })
  const migrated = await migrate(database)
  if (migrated.ok)
    return { ok: true, database, lost: new Promise(() => {}), snapshot: (to) => snapshot(connected.sqlite, to) }
  await database.destroy()
  return {
    ok: false,
    code: 'database-unusable',
    says: `Cannot bring ${path} up to date: ${migrated.says}. Nothing in it was changed.`,
  }
}

/**
 * Over the one connection there is, as nobody else can read a file that is locked. In steps: what is written between two of
 * them is written into the copy, too, and a step that falls into a transaction is tried again after it.
 */
async function snapshot(sqlite: DatabaseSync, path: string): Promise<void> {
  await backup(sqlite, path)
}

/** A database that is gone when it is closed; the same schema, for trying things out. */
export async function openMemoryStore(sqlite = new DatabaseSync(':memory:')): Promise<Database> {
  const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(sqlite) })
  const migrated = await migrate(database)
  if (!migrated.ok) throw new Error(migrated.says)
  return database
}

type Connected =
  | { readonly ok: true; readonly sqlite: DatabaseSync }
  | { readonly ok: false; readonly code: ProblemCode; readonly says: string }

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
    const why = whyNot(error)
    if (why === null) throw error
    return { ok: false, code: why.code, says: `Cannot open ${path}: ${why.says}` }
  }
}

/**
 * WAL with `synchronous=FULL`: an event that was acknowledged is on disk, even when the power fails. Exclusive: two
 * controllers on one file would both carry out the same runs; the kernel drops the lock when a process is killed.
 */
const pragmas = ['locking_mode = exclusive', 'journal_mode = wal', 'synchronous = full', 'foreign_keys = on'] as const

/** SQLite's result codes (sqlite.org/rescode.html); null for what SQLite did not say. */
function whyNot(error: unknown): { readonly code: ProblemCode; readonly says: string } | null {
  if (!(error instanceof Error) || !('errcode' in error) || typeof error.errcode !== 'number') return null
  switch (error.errcode & 0xff) {
    case 5: // SQLITE_BUSY
      return {
        code: 'database-in-use',
        says: 'another controller is using it. Stop that one first, or give this one another folder.',
      }
    case 11: // SQLITE_CORRUPT
    case 26: // SQLITE_NOTADB
      return {
        code: 'database-unusable',
        says: 'it is damaged or not a database of a controller. Move it away and bring back a copy.',
      }
    default:
      return { code: 'database-unusable', says: `${error.message}.` }
  }
}
