/** Sessions of a console: each made from a token, and good at most as long as that is. Kept as hashes. */
import type { ApiTokenId, Instant } from '@fleetmend/shared'
import { secretHash } from './secret-hash.ts'
import type { Connection } from './tables.ts'

export interface NewSession {
  readonly secret: string
  readonly token: ApiTokenId
  readonly madeAt: Instant
  readonly expiresAt: Instant
}

/** Those that are over go on this occasion. */
export async function addConsoleSession(
  db: Connection,
  { secret, token, madeAt, expiresAt }: NewSession,
): Promise<void> {
  await db.deleteFrom('console_sessions').where('expires_at', '<=', madeAt).execute()
  const row = { secret_hash: secretHash(secret), token, made_at: madeAt, expires_at: expiresAt }
  await db.insertInto('console_sessions').values(row).execute()
}

export interface FoundSession {
  readonly token: ApiTokenId
  readonly expiresAt: Instant
  readonly secretHash: string
}

export async function findConsoleSession(db: Connection, hash: string): Promise<FoundSession | null> {
  const row = await db.selectFrom('console_sessions').selectAll().where('secret_hash', '=', hash).executeTakeFirst()
  return row ? { token: row.token, expiresAt: row.expires_at, secretHash: row.secret_hash } : null
}

export async function endConsoleSession(db: Connection, hash: string): Promise<void> {
  await db.deleteFrom('console_sessions').where('secret_hash', '=', hash).execute()
}
