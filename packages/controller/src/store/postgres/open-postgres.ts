/** Opens a PostgreSQL for one controller: looks whether it will do, and takes its lock before anything is written. */
import type { Timers } from '@fleetmend/shared'
import { Kysely } from 'kysely'
import { migrate } from '../migrate.ts'
import type { Database, Tables } from '../tables.ts'
import { shownAddress, type DatabaseAddress } from './address.ts'
import { postgresDialect } from './dialect.ts'
import { lockKeys } from './lock-keys.ts'
import { openSession, type PostgresSession } from './session.ts'
import { readTlsFiles } from './tls-files.ts'
import { unusable, whyNotOpened, type NotOpened } from './why-not-opened.ts'

export type PostgresOpened =
  | { readonly ok: true; readonly database: Database; readonly lost: Promise<string> }
  | ({ readonly ok: false } & NotOpened)

/** `lockMs`: the server of a controller that was killed notices at once, as a rule; so long it may take. */
export async function openPostgres(address: DatabaseAddress, timers: Timers, lockMs = 3_000): Promise<PostgresOpened> {
  const tls = await readTlsFiles(address.tls)
  if (!tls.ok) return { ok: false, code: 'database-unusable', says: tls.says }
  let session: PostgresSession | null = null
  try {
    session = await openSession(address, tls.files, timers)
    const why = (await whyUnfit(session, address)) ?? (await whyInUse(session, address, lockMs))
    if (why) {
      await session.pool.end()
      return { ok: false, ...why }
    }
    const database = new Kysely<Tables>({ dialect: postgresDialect(session.pool) })
    const migrated = await migrate(database)
    if (migrated.ok) {
      session.guard()
      return { ok: true, database, lost: session.lost }
    }
    await database.destroy()
    const says = `it could not be brought up to date: ${migrated.says}`
    return {
      ok: false,
      ...(whyNotOpened(migrated.error, address) ?? unusable(address, says, 'Nothing in it was changed.')),
    }
  } catch (error) {
    await session?.pool.end()
    const why = whyNotOpened(error, address)
    if (why === null) throw error
    return { ok: false, ...why }
  }
}

/** The oldest that its makers still mend when this is written (postgresql.org/support/versioning). */
const oldestMajor = 14

/** The server says which it is as one number, 150018 for 15.18. */
export function isTooOld(serverVersion: number): boolean {
  return serverVersion < oldestMajor * 10_000
}

async function whyUnfit({ ask }: PostgresSession, address: DatabaseAddress): Promise<NotOpened | null> {
  const { version, words, encoding, standby } =
    (await ask(`select current_setting('server_version_num') as version, current_setting('server_version') as words,
      current_setting('server_encoding') as encoding, pg_is_in_recovery() as standby`)) ?? {}
  if (isTooOld(Number(version)))
    return unusable(
      address,
      `its server is PostgreSQL ${String(words)}`,
      `Fleetmend takes PostgreSQL ${oldestMajor} and newer.`,
    )
  if (encoding !== 'UTF8')
    return unusable(
      address,
      `its encoding is ${String(encoding)}, in which not everything that is signed can be kept as it is`,
      `Make another one:\n    createdb --encoding UTF8 --template template0 --owner ${address.user} NAME`,
    )
  if (standby === true)
    return unusable(address, 'its server is a standby, which can only be read', 'Give the address of the primary.')
  return null
}

/** How this session differs from others, whatever is set for the role. */
const ours = [
  `set client_encoding = 'UTF8'`,
  // The machine of a controller may be gone without a farewell: then its lock is free after half a minute.
  'set tcp_keepalives_idle = 10',
  'set tcp_keepalives_interval = 5',
  'set tcp_keepalives_count = 4',
  // It is idle most of the time, and busy for as long as it takes.
  'set idle_session_timeout = 0',
  'set idle_in_transaction_session_timeout = 0',
  'set statement_timeout = 0',
]

async function whyInUse({ ask }: PostgresSession, address: DatabaseAddress, lockMs: number): Promise<NotOpened | null> {
  for (const each of ours) await ask(each)
  const [room, key] = lockKeys.controller
  await ask(`set lock_timeout = ${lockMs}`)
  try {
    await ask(`select pg_advisory_lock(${room}, ${key})`)
    await ask('set lock_timeout = 0')
    return null
  } catch (error) {
    // lock_not_available
    if (!(error instanceof Error && 'code' in error && error.code === '55P03')) throw error
  }
  const holder = await ask(`select application_name as name, client_addr as address
    from pg_locks join pg_stat_activity using (pid)
    where locktype = 'advisory' and granted and classid = ${room} and objid = ${key} and objsubid = 2
      and pg_locks.database = (select oid from pg_database where datname = current_database())`)
  const { name, address: from } = holder ?? {}
  const who =
    typeof name === 'string' && name !== '' ? ` It is ${name}${typeof from === 'string' ? ` from ${from}` : ''}.` : ''
  return {
    code: 'database-in-use',
    says: `Cannot open the database ${shownAddress(address)}: another controller is using it.${who} Stop that one first, or give this one another database.`,
  }
}
