/** The tables of a store one after the other: copied into another store, and summed up to be compared. */
import { createHash } from 'node:crypto'
import { canonicalBytes, type Digest } from '@fleetmend/shared'
import { sql, type QueryResult, type RawBuilder } from 'kysely'
import type { Connection, Tables } from './tables.ts'

/** By what the rows of each are found in order. Whoever refers to another one comes after it. */
const keys: { readonly [Name in keyof Tables]: readonly (keyof Tables[Name])[] } = {
  runs: ['id'],
  run_hosts: ['run', 'position'],
  run_groups: ['run', 'key'],
  run_notes: ['run', 'position'],
  run_held_back: ['run', 'host'],
  run_events: ['sequence'],
  applies: ['run', 'host'],
  plans: ['digest'],
  hosts: ['id'],
  hosts_in_change: ['host'],
  hosts_given_up: ['host', 'run'],
  join_tokens: ['secret_hash'],
  audit_records: ['sequence'],
  host_audits: ['host'],
  host_audit_records: ['host', 'chain', 'sequence'],
  api_tokens: ['id'],
  console_sessions: ['secret_hash'],
}

export const tableNames = Object.keys(keys) as readonly (keyof Tables)[]

type Row = Readonly<Record<string, string | number | null>>

export interface Content {
  readonly rows: number
  /** The same of two tables with the same rows, whatever they are kept in. */
  readonly digest: Digest
}

export async function isEmptyStore(db: Connection): Promise<boolean> {
  for (const table of tableNames) {
    const { rows } = await sql`select 1 from ${sql.table(table)} limit 1`.execute(db)
    if (rows.length > 0) return false
  }
  return true
}

export async function contentOf(db: Connection, table: keyof Tables): Promise<Content> {
  return summed(rowsOf(db, table), () => Promise.resolve())
}

/** What was read, not what arrived. */
export async function copyTable(from: Connection, to: Connection, table: keyof Tables): Promise<Content> {
  return summed(rowsOf(from, table), async (rows) => {
    await to.insertInto(table).values(rows).execute()
  })
}

async function summed(
  pages: AsyncIterable<readonly Row[]>,
  each: (rows: readonly Row[]) => Promise<void>,
): Promise<Content> {
  const hash = createHash('sha256')
  let count = 0
  for await (const rows of pages) {
    await each(rows)
    count += rows.length
    for (const row of rows) hash.update(canonicalBytes(storedAnywhere(row))).update('\n')
  }
  return { rows: count, digest: `sha256:${hash.digest('hex')}` }
}

/** PostgreSQL keeps no NUL in a text, and another sign stands for it there. No document has one. */
function storedAnywhere(row: Row): Row {
  return Object.fromEntries(
    Object.entries(row).map(([name, value]) => [
      name,
      typeof value === 'string' ? value.replaceAll('\0', '\uFFFD').toWellFormed() : value,
    ]),
  )
}

const rowsAtOnce = 200

/** In pages; a store may be bigger than the memory. */
async function* rowsOf(db: Connection, table: keyof Tables): AsyncGenerator<readonly Row[], void> {
  const names: readonly string[] = keys[table]
  const columns = sql.join(names.map((name) => sql.ref(name)))
  for (let last: Row | null = null; ;) {
    const after: Row | null = last
    const since: RawBuilder<unknown> =
      after === null ? sql`` : sql`where (${columns}) > (${sql.join(names.map((name) => after[name]))})`
    const { rows }: QueryResult<Row> = await sql<Row>`
      select * from ${sql.table(table)} ${since} order by ${columns} limit ${sql.lit(rowsAtOnce)}
    `.execute(db)
    if (rows.length > 0) yield rows
    if (rows.length < rowsAtOnce) return
    last = rows.at(-1) ?? null
  }
}
