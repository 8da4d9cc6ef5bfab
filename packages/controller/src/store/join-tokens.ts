/** Join tokens: kept as hashes, good for one host once and for a while. */
import { createHash, randomBytes } from 'node:crypto'
import { Labels, problem, type HostId, type Instant, type Problem } from '@fleetmend/shared'
import type { Connection, JoinTokensTable } from './tables.ts'

export interface Invitation {
  readonly madeBy: string
  readonly labels: Labels
  /** Only this host may use the token; it may then also replace a host of this name. Null: any new host. */
  readonly host: HostId | null
  readonly nowMs: number
  readonly lifeMs: number
}

export interface Invited {
  /** Shown once, to be put into the join token; only its hash is kept. */
  readonly secret: string
  readonly expiresAt: Instant
}

export async function addJoinToken(
  db: Connection,
  { madeBy, labels, host, nowMs, lifeMs }: Invitation,
): Promise<Invited> {
  const secret = randomBytes(32).toString('base64url')
  const expiresAt = new Date(nowMs + lifeMs).toISOString()
  const made = { made_by: madeBy, made_at: new Date(nowMs).toISOString(), expires_at: expiresAt }
  await db
    .insertInto('join_tokens')
    .values({
      secret_hash: hashOf(secret),
      host,
      labels: JSON.stringify(Labels.parse(labels)),
      ...made,
      used_at: null,
      used_by: null,
    })
    .execute()
  return { secret, expiresAt }
}

export type TokenFound =
  | { readonly ok: true; readonly labels: Labels; readonly host: HostId | null }
  | { readonly ok: false; readonly problem: Problem }

/** Whether it would let a host in now. A secret of 256 random bits is looked up by its hash; there is nothing to time. */
export async function findJoinToken(db: Connection, secret: string, nowMs: number): Promise<TokenFound> {
  const row = await db
    .selectFrom('join_tokens')
    .selectAll()
    .where('secret_hash', '=', hashOf(secret))
    .executeTakeFirst()
  if (!row) return refuse('bad-token', 'This controller has given out no such join token.')
  if (row.used_at !== null)
    return refuse(
      'token-used',
      `It let in ${row.used_by} at ${row.used_at}. A join token is good for one host. If that host is not yours:\n    fleetmend hosts remove ${row.used_by}`,
    )
  if (nowMs >= Date.parse(row.expires_at)) return refuse('token-expired', `It was good until ${row.expires_at}.`)
  return { ok: true, ...bound(row) }
}

/** False where another host was faster. */
export async function useJoinToken(
  transaction: Connection,
  secret: string,
  host: HostId,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('join_tokens')
    .set({ used_at: new Date(nowMs).toISOString(), used_by: host })
    .where('secret_hash', '=', hashOf(secret))
    .where('used_at', 'is', null)
    .executeTakeFirst()
  return numUpdatedRows > 0n
}

function bound({ labels, host }: JoinTokensTable): { readonly labels: Labels; readonly host: HostId | null } {
  return { labels: Labels.parse(JSON.parse(labels)), host }
}

function hashOf(secret: string): string {
  return createHash('sha256').update(secret, 'utf8').digest('hex')
}

function refuse(code: 'bad-token' | 'token-used' | 'token-expired', why: string): TokenFound {
  return {
    ok: false,
    problem: problem(
      code,
      `Cannot let this host in. ${why}\n\nMake a new token on the controller:\n    fleetmend hosts invite`,
    ),
  }
}
