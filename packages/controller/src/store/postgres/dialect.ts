/**
 * Kysely over PostgreSQL, in which the schema and transactions mean what they mean over SQLite: integers have 64 bits,
 * texts are compared by their bytes, and there is one writer at a time.
 */
import {
  CompiledQuery,
  PostgresAdapter,
  PostgresDriver,
  PostgresIntrospector,
  PostgresQueryCompiler,
  type DatabaseConnection,
  type DataTypeNode,
  type Dialect,
  type PostgresPool,
} from 'kysely'
import { lockKeys } from './lock-keys.ts'

export function postgresDialect(pool: PostgresPool): Dialect {
  return {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new OneWriterDriver({ pool }),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new SameWordsCompiler(),
  }
}

/** By the collation of a database `web-10` may come before `web-2`, and an instant with milliseconds anywhere. */
const meanings: Readonly<Record<string, string>> = { integer: 'bigint', text: 'text collate "C"' }

class SameWordsCompiler extends PostgresQueryCompiler {
  protected override visitDataType(node: DataTypeNode): void {
    this.append(meanings[node.dataType] ?? node.dataType)
  }
}

/**
 * Every transaction waits for the one before, as `begin immediate` makes it over SQLite. An event or record holds the hash
 * of the one before, and what is decided is decided by what was read just now: whether there is room, whether a token is
 * unused. A lock on the end of a chain would not keep those right, and there is no end to lock before the first entry;
 * serializable transactions would all have to be told again, as each of them appends to the same two chains.
 *
 * Read committed, whatever the database's own default is: each statement sees what was committed before it, and so the
 * one after the wait sees what was waited for. Both in one message: it costs no way there and back.
 */
class OneWriterDriver extends PostgresDriver {
  override async beginTransaction(connection: DatabaseConnection): Promise<void> {
    const [room, writer] = lockKeys.writer
    await connection.executeQuery(
      CompiledQuery.raw(`begin isolation level read committed; select pg_advisory_xact_lock(${room}, ${writer})`),
    )
  }
}
