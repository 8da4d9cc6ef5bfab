/**
 * The one connection of a controller to PostgreSQL. The session that holds the lock of the database is the session that
 * writes, so that whoever has lost the lock cannot write any more, and no connection takes the place of one that was lost:
 * then the process ends, and its runs are taken up at the next start.
 */
import { Socket } from 'node:net'
import { hostname } from 'node:os'
import type { Timers } from '@fleetmend/shared'
import type { PostgresPool, PostgresPoolClient } from 'kysely'
import pg from 'pg'
import { storable, type Storable } from '../storable.ts'
import { shownAddress, type DatabaseAddress } from './address.ts'
import { lockKeys } from './lock-keys.ts'
import type { TlsFiles } from './tls-files.ts'

export interface PostgresSession {
  readonly pool: PostgresPool
  /** Asks at once; only before the pool is used. */
  readonly ask: (sql: string) => Promise<Readonly<Record<string, unknown>> | undefined>
  /** From now on it looks, again and again, whether the lock is still this session's. */
  readonly guard: () => void
  /** Resolves with a sentence when there is no session any more. */
  readonly lost: Promise<string>
}

/** Thrown at whoever asks a session that was lost. */
export class SessionLost extends Error {}

const connectMs = 10_000
const beatEveryMs = 10_000
/** Whoever hears nothing for so long is alone, whatever the kernel says. */
const silentMs = 30_000
/** For a farewell to a server that does not answer. */
const farewellMs = 2_000

/** Throws what the driver throws: `whyNotOpened` has words for it. */
export async function openSession(
  address: DatabaseAddress,
  tls: TlsFiles | null,
  timers: Timers,
): Promise<PostgresSession> {
  const socket = new Socket()
  const client = new pg.Client({
    host: address.host,
    port: address.port,
    user: address.user,
    password: address.password,
    database: address.database,
    ssl: tls ?? false,
    stream: () => socket,
    connectionTimeoutMillis: connectMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: beatEveryMs,
    application_name: `fleetmend-controller ${hostname()} ${process.pid}`.slice(0, 63),
    types: { getTypeParser: parserOf },
  })
  const lost = Promise.withResolvers<string>()
  let why: string | null = null
  let isClosing = false
  const lose = (because: string): void => {
    if (why !== null || isClosing) return
    why = `The connection to the database ${shownAddress(address)} was lost: ${because}. This controller stops: it could save nothing of what it does, and another one may take its place.\n\nStart it again when the database answers; its runs are taken up where they stand. What hosts are doing goes on meanwhile.`
    socket.destroy()
    lost.resolve(why)
  }
  client.on('error', (error) => lose(error.message))
  client.on('end', () => lose('it was closed'))
  try {
    await client.connect()
  } catch (error) {
    // Where it was the driver that could not go on, the server still waits for an answer.
    socket.destroy()
    throw error
  }

  const query = async (sql: string, values: readonly (Storable | boolean)[]): Promise<pg.QueryResult> => {
    if (why !== null) throw new SessionLost(why)
    try {
      return await client.query(sql, [...values])
    } catch (error) {
      if (isFatal(error)) lose(error.message)
      throw why === null ? error : new SessionLost(why)
    }
  }
  const handed = {
    query: (sql: string, parameters: readonly unknown[]) => query(sql, parameters.map(textable)),
    // Only a transaction that could not even be taken back is not fit to be used again.
    release: (isBroken?: boolean) => {
      if (isBroken === true) lose('a transaction could not be taken back')
      const next = waiting.shift()
      if (next) next()
      else isTaken = false
    },
  }
  let isTaken = false
  const waiting: (() => void)[] = []
  const take = async (): Promise<void> => {
    if (isTaken) await new Promise<void>((resolve) => waiting.push(resolve))
    isTaken = true
  }

  const beat = async (): Promise<void> => {
    const isHeard = timers.after(silentMs, () => lose(`it did not answer for ${silentMs / 1000} s`))
    try {
      await take()
      const { rows } = await query(isLockMine, [])
      if (rows.length === 0) lose('its lock is not held any more; a pooler between them must leave sessions whole')
    } catch (error) {
      // Whatever it is, whether the lock is held was not answered.
      lose(error instanceof Error ? error.message : String(error))
    } finally {
      handed.release()
      isHeard()
    }
    if (why === null && !isClosing) stopBeating = timers.after(beatEveryMs, () => void beat())
  }
  let stopBeating: () => void = () => {}

  return {
    lost: lost.promise,
    ask: async (sql) => (await query(sql, [])).rows[0] as Readonly<Record<string, unknown>> | undefined,
    guard: () => void beat(),
    pool: {
      options: {},
      connect: async () => {
        await take()
        // What Kysely calls of a client of `pg`, and no more.
        return handed as unknown as PostgresPoolClient
      },
      end: async () => {
        isClosing = true
        stopBeating()
        if (why !== null) return
        const isGone = timers.after(farewellMs, () => socket.destroy())
        await client.end()
        isGone()
      },
    },
  }
}

const isLockMine = `select 1 from pg_locks where locktype = 'advisory' and granted and pid = pg_backend_pid()
  and classid = ${lockKeys.controller[0]} and objid = ${lockKeys.controller[1]} and objsubid = 2`

/** A server that ends a session says so in answer to what it was asked last (protocol-error-fields). */
function isFatal(error: unknown): error is Error {
  return error instanceof pg.DatabaseError && (error.severity === 'FATAL' || error.severity === 'PANIC')
}

/** PostgreSQL keeps no NUL in a text. No document has one, as JSON writes it otherwise; a word of a hostile host may. */
function textable(value: unknown): Storable | boolean {
  // Kysely asks with one, when it looks at what tables there are.
  if (typeof value === 'boolean') return value
  const plain = storable(value)
  return typeof plain === 'string' ? plain.replaceAll('\0', '\uFFFD') : plain
}

/** An int8, which is every number of the schema and every count, comes from `pg` as text. */
function parserOf(
  oid: Parameters<typeof pg.types.getTypeParser>[0],
  format?: 'text' | 'binary',
): (text: string) => unknown {
  if (oid !== pg.types.builtins.INT8 || format === 'binary')
    return pg.types.getTypeParser(oid, format) as (text: string) => unknown
  return (text) => {
    const number = Number(text)
    if (!Number.isSafeInteger(number)) throw new RangeError(`${text} is more than a number holds. This is a bug.`)
    return number
  }
}
