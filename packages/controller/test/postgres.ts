/** Databases of the tests' own PostgreSQL: each is empty or migrated, nobody else's, and gone when its test is over. */
import { randomBytes } from 'node:crypto'
import { connect } from 'node:net'
import { systemTimers } from '@fleetmend/shared'
import { Kysely } from 'kysely'
import pg from 'pg'
import { readDatabaseUrl, type DatabaseAddress } from '../src/store/postgres/address.ts'
import { postgresDialect } from '../src/store/postgres/dialect.ts'
import { openPostgres } from '../src/store/postgres/open-postgres.ts'
import { openSession } from '../src/store/postgres/session.ts'
import type { Database, Tables } from '../src/store/tables.ts'

type Server = { readonly ok: true; readonly folder: string } | { readonly ok: false; readonly says: string }

/** The first who asks waits until it is started. */
async function askForServer(): Promise<Server> {
  const socket = process.env['FLEETMEND_TEST_POSTGRES']
  if (socket === undefined) return { ok: false, says: 'nobody starts one: this is not a run of the unit tests' }
  let said = ''
  for await (const text of connect(socket).setEncoding('utf8')) said += String(text)
  const line = said.trim()
  // Where there is one, it has to start: a suite that leaves half of itself out on its own would be green for nothing.
  if (line.startsWith('broken: ')) throw new Error(line)
  return line.startsWith('/') ? { ok: true, folder: line } : { ok: false, says: line.replace(/^none: /, '') }
}

const server = await askForServer()
if (!server.ok) process.stderr.write(`\nNOTHING IS TESTED OVER PostgreSQL: ${server.says}.\n\n`)

export const hasPostgres = server.ok

/** As the owner of the server, in a database that is always there. */
export async function asOwner<Value>(
  work: (client: pg.Client) => Promise<Value>,
  database = 'postgres',
): Promise<Value> {
  if (!server.ok) throw new Error(server.says)
  const client = new pg.Client({ host: server.folder, user: 'postgres', database })
  await client.connect()
  try {
    return await work(client)
  } finally {
    await client.end()
  }
}

export interface TestDatabase {
  readonly name: string
  readonly url: string
  readonly address: DatabaseAddress
  drop(): Promise<void>
}

export async function makeDatabase(template = 'template0'): Promise<TestDatabase> {
  const name = `t_${randomBytes(6).toString('hex')}`
  await asOwner((client) => client.query(`create database ${name} template ${template} encoding 'UTF8'`))
  const url = `postgres:///${name}?host=${server.ok ? server.folder : ''}&user=postgres`
  return {
    name,
    url,
    address: addressOf(url),
    drop: async () => {
      await asOwner((client) => client.query(`drop database if exists ${name} with (force)`))
    },
  }
}

export function addressOf(url: string): DatabaseAddress {
  const read = readDatabaseUrl(url)
  if (!read.ok) throw new Error(read.says)
  return read.address
}

export async function opened(address: DatabaseAddress): Promise<Database> {
  const store = await openPostgres(address, systemTimers)
  if (!store.ok) throw new Error(store.says)
  return store.database
}

/** As it was found: neither looked at nor locked. */
export async function bare(address: DatabaseAddress): Promise<Database> {
  const session = await openSession(address, null, systemTimers)
  return new Kysely<Tables>({ dialect: postgresDialect(session.pool) })
}

/** What every migrated database is a copy of: making one takes as long as all of its tables. */
let migrated: Promise<string> | null = null

async function makeMigrated(): Promise<string> {
  const { name, address } = await makeDatabase()
  await (await opened(address)).destroy()
  return name
}

export async function migratedDatabase(): Promise<TestDatabase> {
  migrated ??= makeMigrated()
  return makeDatabase(await migrated)
}
