/** Both stores, for tests of what must hold in either: `describe.each(stores)`. */
import { DatabaseSync } from 'node:sqlite'
import { Kysely, sql } from 'kysely'
import { onTestFinished } from 'vitest'
import { openMemoryStore } from '../src/store/open-sqlite.ts'
import { nodeSqliteDialect } from '../src/store/sqlite-dialect.ts'
import type { Database, Tables } from '../src/store/tables.ts'
import { bare, hasPostgres, makeDatabase, migratedDatabase, opened, type TestDatabase } from './postgres.ts'

export interface OpenedStore {
  readonly database: Database
  close(): Promise<void>
}

/** Closed with the test that asks. */
export async function openForTest(open: () => Promise<OpenedStore>): Promise<Database> {
  const { database, close } = await open()
  onTestFinished(close)
  return database
}

export interface StoreKind {
  readonly store: 'SQLite' | 'PostgreSQL'
  /** Migrated and empty. */
  open(): Promise<OpenedStore>
  /** Without a table. */
  openBare(): Promise<OpenedStore>
  /** Lets nothing more into a table, as when the disk is full. */
  refuseInserts(database: Database, table: string, says: string): Promise<void>
  /** As somebody does who has the password of the database, and more on their mind. */
  dropTrigger(database: Database, trigger: string, table: string): Promise<void>
}

const sqlite: StoreKind = {
  store: 'SQLite',
  async open() {
    const database = await openMemoryStore()
    return { database, close: () => database.destroy() }
  },
  async openBare() {
    const database = new Kysely<Tables>({ dialect: nodeSqliteDialect(new DatabaseSync(':memory:')) })
    return { database, close: () => database.destroy() }
  },
  async refuseInserts(database, table, says) {
    const body = `begin select raise(abort, '${says}'); end`
    await sql.raw(`create trigger full before insert on ${table} ${body}`).execute(database)
  },
  async dropTrigger(database, trigger) {
    await sql.raw(`drop trigger ${trigger}`).execute(database)
  },
}

const postgres: StoreKind = {
  store: 'PostgreSQL',
  async open() {
    const made = await migratedDatabase()
    return closable(await opened(made.address), made)
  },
  async openBare() {
    const made = await makeDatabase()
    return closable(await bare(made.address), made)
  },
  async refuseInserts(database, table, says) {
    const body = `begin raise exception '${says}'; end`
    await sql.raw(`create function refuse() returns trigger language plpgsql as $$ ${body} $$`).execute(database)
    await sql
      .raw(`create trigger refused before insert on ${table} for each row execute function refuse()`)
      .execute(database)
  },
  async dropTrigger(database, trigger, table) {
    await sql.raw(`drop trigger ${trigger} on ${table}`).execute(database)
  },
}

function closable(database: Database, made: TestDatabase): OpenedStore {
  return {
    database,
    close: async () => {
      await database.destroy()
      await made.drop()
    },
  }
}

export const stores: readonly StoreKind[] = hasPostgres ? [sqlite, postgres] : [sqlite]
