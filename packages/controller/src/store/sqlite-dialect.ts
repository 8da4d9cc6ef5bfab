/**
 * Kysely over `node:sqlite`. Kysely speaks the shape of another library, which takes parameters as one array; here an
 * object as the only parameter would mean *named* parameters and be stored as NULL, so only plain values get through.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite'
import {
  CompiledQuery,
  SqliteAdapter,
  SqliteDriver,
  SqliteIntrospector,
  SqliteQueryCompiler,
  type DatabaseConnection,
  type Dialect,
  type SqliteDatabase,
} from 'kysely'
import { storable } from './storable.ts'

export function nodeSqliteDialect(database: DatabaseSync): Dialect {
  return {
    createAdapter: () => new TransactionalDdlAdapter(),
    createDriver: () => new ImmediateDriver({ database: adapted(database) }),
    createIntrospector: (db) => new SqliteIntrospector(db),
    createQueryCompiler: () => new SqliteQueryCompiler(),
  }
}

function adapted(database: DatabaseSync): SqliteDatabase {
  const prepared = new Map<string, StatementSync>()
  const prepare = (sql: string): StatementSync => {
    const known = prepared.get(sql)
    if (known) return known
    const statement = database.prepare(sql)
    if (prepared.size >= keptStatements) prepared.clear()
    prepared.set(sql, statement)
    return statement
  }
  return {
    close: () => {
      prepared.clear()
      database.close()
    },
    prepare: (sql) => {
      const statement = prepare(sql)
      return {
        reader: statement.columns().length > 0,
        all: (parameters) => statement.all(...parameters.map(storable)),
        run: (parameters) => statement.run(...parameters.map(storable)),
        // Whoever reads row by row has a statement of their own: another reader would begin it anew.
        iterate: (parameters) => database.prepare(sql).iterate(...parameters.map(storable)),
      }
    },
  }
}

/** What is asked again and again is prepared once; lists of values make statements that differ in their length. */
const keptStatements = 200

/** SQLite can roll back changes of the schema; Kysely does not count on it, and would leave half a migration behind. */
class TransactionalDdlAdapter extends SqliteAdapter {
  override get supportsTransactionalDdl(): boolean {
    return true
  }
}

/** A transaction that reads before it writes must not find, at its first write, that another one was faster. */
class ImmediateDriver extends SqliteDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('begin immediate'))
  }
}
