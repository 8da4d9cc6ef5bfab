/** Opens the controller's store: a file in its folder, or a PostgreSQL. Either is one controller's at a time. */
import type { ProblemCode, Timers } from '@fleetmend/shared'
import { removeUnfinishedBackups } from './backup.ts'
import { openPostgres } from './postgres/open-postgres.ts'
import { readDatabaseUrl } from './postgres/address.ts'
import { openPrivateFolder } from './private-folder.ts'
import { openSqlite } from './open-sqlite.ts'
import type { Database } from './tables.ts'

export interface Store {
  readonly database: Database
  /** Resolves with a sentence when it is not this process's any more: it must end then. A file stays. */
  readonly lost: Promise<string>
  /** Writes all of it into a file while it goes on being used; null: what it is kept in has ways of its own. */
  readonly snapshot: ((path: string) => Promise<void>) | null
}

export type StoreOpened =
  | ({ readonly ok: true } & Store)
  | { readonly ok: false; readonly code: ProblemCode; readonly says: string }

export interface StorePlace {
  /** Of the controller: for its keys, and for its store where there is no other. Made with mode 0700. */
  readonly folder: string
  /** The URL of a PostgreSQL; a password may be in it. */
  readonly databaseUrl?: string | undefined
  readonly timers: Timers
}

/** Close it with `database.destroy()`. */
export async function openStore({ folder, databaseUrl, timers }: StorePlace): Promise<StoreOpened> {
  const opened = await openPrivateFolder(folder)
  if (!opened.ok) return { ...opened, code: 'controller-unreachable' }
  if (databaseUrl === undefined) {
    const store = await openSqlite(folder)
    // Only now: until then they may be another one's.
    if (store.ok) await removeUnfinishedBackups(folder)
    return store
  }
  const read = readDatabaseUrl(databaseUrl)
  if (!read.ok) return { ...read, code: 'usage' }
  const store = await openPostgres(read.address, timers)
  return store.ok ? { ...store, snapshot: null } : store
}
