/** All migrations, oldest first. A list in code, because the release is one file and has no folder to scan. */
import type { Migration } from 'kysely/migration'
import { up as firstTables } from './0001-first-tables.ts'

/** A released migration is never edited: a change is the next number. */
export const migrations: Readonly<Record<string, Migration>> = {
  '0001-first-tables': { up: firstTables },
}
