/** API tokens: kept as hashes, never deleted, so that a name in the history of a run can always be explained. */
import { randomBytes } from 'node:crypto'
import { ApiTokenView, type ApiTokenId, type Instant, type Powers, type PrincipalName } from '@fleetmend/shared'
import { secretHash } from './secret-hash.ts'
import type { ApiTokensTable, Connection } from './tables.ts'

export interface NewApiToken {
  readonly secret: string
  readonly name: PrincipalName
  readonly powers: Powers
  readonly madeBy: string
  readonly madeAt: Instant
  readonly expiresAt: Instant | null
}

export async function addApiToken(db: Connection, made: NewApiToken): Promise<ApiTokenView> {
  const row: ApiTokensTable = {
    id: `t-${randomBytes(4).toString('hex')}`,
    secret_hash: secretHash(made.secret),
    name: made.name,
    roles: made.powers.roles.join(','),
    selector: made.powers.selector,
    read_only: made.powers.readOnly ? 1 : 0,
    made_by: made.madeBy,
    made_at: made.madeAt,
    expires_at: made.expiresAt,
    last_used_at: null,
    revoked_at: null,
    revoked_by: null,
  }
  await db.insertInto('api_tokens').values(row).execute()
  return viewOf(row)
}

export interface FoundApiToken {
  readonly token: ApiTokenView
  readonly secretHash: string
}

export async function findApiToken(db: Connection, hash: string): Promise<FoundApiToken | null> {
  const row = await db.selectFrom('api_tokens').selectAll().where('secret_hash', '=', hash).executeTakeFirst()
  return row ? { token: viewOf(row), secretHash: row.secret_hash } : null
}

export async function getApiToken(db: Connection, id: ApiTokenId): Promise<ApiTokenView | null> {
  const row = await db.selectFrom('api_tokens').selectAll().where('id', '=', id).executeTakeFirst()
  return row ? viewOf(row) : null
}

/** Newest first; those that are over among them. */
export async function listApiTokens(db: Connection): Promise<readonly ApiTokenView[]> {
  const rows = await db.selectFrom('api_tokens').selectAll().orderBy('made_at', 'desc').orderBy('id').execute()
  return rows.map(viewOf)
}

/** A token that was revoked before keeps the time and the name of then. */
export async function revokeApiToken(db: Connection, id: ApiTokenId, by: string, at: Instant): Promise<void> {
  await db
    .updateTable('api_tokens')
    .set({ revoked_at: at, revoked_by: by })
    .where('id', '=', id)
    .where('revoked_at', 'is', null)
    .execute()
}

export async function usedApiToken(db: Connection, id: ApiTokenId, at: Instant): Promise<void> {
  await db.updateTable('api_tokens').set({ last_used_at: at }).where('id', '=', id).execute()
}

function viewOf(row: ApiTokensTable): ApiTokenView {
  return ApiTokenView.parse({
    id: row.id,
    name: row.name,
    roles: row.roles.split(','),
    selector: row.selector,
    readOnly: row.read_only === 1,
    madeBy: row.made_by,
    madeAt: row.made_at,
    expiresAt: row.expires_at,
    lastUsedAt: row.last_used_at,
    revokedAt: row.revoked_at,
    revokedBy: row.revoked_by,
  })
}
