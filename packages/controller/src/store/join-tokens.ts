/** Join tokens: kept as hashes, good for one host once and for a while. */
import { createHash, randomBytes } from 'node:crypto'
import { Labels, problem, type HostId, type Instant, type Problem, type ProblemCode } from '@fleetmend/shared'
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
      used_from: null,
    })
    .execute()
  return { secret, expiresAt }
}

export type TokenFound =
  | { readonly ok: true; readonly labels: Labels; readonly host: HostId | null }
  | {
      readonly ok: false
      readonly problem: Problem
      /** Whom it let in before, if anybody. */
      readonly used?: { readonly host: HostId; readonly at: Instant }
    }

/** Who shows a token, in their own words, and from where. */
export interface Bearer {
  readonly host: HostId
  readonly from: string | null
}

/** Whether it would let this host in now. A secret of 256 random bits is looked up by its hash; there is nothing to time. */
export async function findJoinToken(
  db: Connection,
  secret: string,
  bearer: Bearer,
  nowMs: number,
): Promise<TokenFound> {
  const row = await db
    .selectFrom('join_tokens')
    .selectAll()
    .where('secret_hash', '=', hashOf(secret))
    .executeTakeFirst()
  if (!row) return refuse('bad-token', 'This controller has given out no such join token.')
  if (row.used_at !== null && row.used_by !== null) {
    const from = row.used_from === null ? '' : ` from ${row.used_from}`
    const why = `It let in ${row.used_by} at ${row.used_at}${from}, and is good for one host. If that was not this host, somebody else has its token, and is in the fleet:\n    fleetmend hosts remove ${row.used_by}`
    return { ...refuse('token-used', why), used: { host: row.used_by, at: row.used_at } }
  }
  if (nowMs >= Date.parse(row.expires_at)) return refuse('token-expired', `It was good until ${row.expires_at}.`)
  const { labels, host } = bound(row)
  if (host !== null && host !== bearer.host)
    return refuse('token-for-another-host', `The join token is for ${host}, and this host calls itself ${bearer.host}.`)
  return { ok: true, labels, host }
}

/** False where another host was faster. */
export async function useJoinToken(
  transaction: Connection,
  secret: string,
  { host, from }: Bearer,
  nowMs: number,
): Promise<boolean> {
  const { numUpdatedRows } = await transaction
    .updateTable('join_tokens')
    .set({ used_at: new Date(nowMs).toISOString(), used_by: host, used_from: from })
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

function refuse(code: ProblemCode, why: string): Extract<TokenFound, { ok: false }> {
  return {
    ok: false,
    problem: problem(
      code,
      `Cannot let this host in. ${why}\n\nMake a new token on the controller:\n    fleetmend hosts invite`,
    ),
  }
}
