/**
 * Keeps the rows of a table from being changed or deleted, by triggers in the database's own words. Migrations that were
 * released rest on it: it is never edited either.
 */
import { PostgresAdapter, sql, type Kysely } from 'kysely'

export async function appendOnly(db: Kysely<unknown>, table: string): Promise<void> {
  const isPostgres = db.getExecutor().adapter instanceof PostgresAdapter
  const [name, refuse, says] = [sql.raw(table), sql.raw(`${table}_refuse`), sql.raw(`'${table} is append-only'`)]
  if (isPostgres) {
    await sql`
      create function ${refuse}() returns trigger language plpgsql as $$ begin raise exception ${says}; end $$
    `.execute(db)
    await sql`
      create trigger ${sql.raw(`${table}_no_truncate`)} before truncate on ${name} execute function ${refuse}()
    `.execute(db)
  }
  for (const deed of ['update', 'delete']) {
    const trigger = sql`create trigger ${sql.raw(`${table}_no_${deed}`)} before ${sql.raw(deed)} on ${name}`
    await (
      isPostgres
        ? sql`${trigger} for each row execute function ${refuse}()`
        : sql`${trigger} begin select raise(abort, ${says}); end`
    ).execute(db)
  }
}
