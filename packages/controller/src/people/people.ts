/** People and automation: their tokens, the sessions made from them, and what becomes of those when a token is over. */
import { randomBytes } from 'node:crypto'
import {
  API_TOKEN_BYTES,
  encodeApiToken,
  isApiToken,
  problem,
  type ApiTokenId,
  type ApiTokenView,
  type Instant,
  type Powers,
  type PrincipalName,
  type Problem,
} from '@fleetmend/shared'
import type { Answer } from '../api/controller-service.ts'
import { readSelector } from '../fleet/selector.ts'
import type { Clock } from '../runs/clock.ts'
import {
  addApiToken,
  findApiToken,
  getApiToken,
  listApiTokens,
  revokeApiToken,
  usedApiToken,
} from '../store/api-tokens.ts'
import { appendRecord } from '../store/audit-records.ts'
import { addConsoleSession, endConsoleSession, findConsoleSession } from '../store/console-sessions.ts'
import { isSameHash, secretHash } from '../store/secret-hash.ts'
import type { Database } from '../store/tables.ts'
import type { Caller } from './caller.ts'

export interface NewToken {
  readonly name: PrincipalName
  readonly powers: Powers
  readonly madeBy: string
  /** Null: until it is revoked. */
  readonly lifeMs: number | null
}

export interface MadeToken {
  /** Shown once. */
  readonly secret: string
  readonly token: ApiTokenView
}

export interface MadeSession {
  readonly secret: string
  readonly expiresAt: Instant
}

/** `name`: whose token it was that is over; null: nobody knows who it is. */
export type SignedIn =
  | { readonly ok: true; readonly value: Caller }
  | { readonly ok: false; readonly problem: Problem; readonly name: string | null }

export interface People {
  /** Of a token that is none, nothing is said but that; whoever shows one that was good is told that it is over. */
  signIn(secret: string): Promise<SignedIn>
  /** By the secret of a session. */
  resume(secret: string): Promise<SignedIn>
  /** Asked before every call: a connection outlives what it was let in by. Null: it is still good. */
  whyOver(caller: Caller): Promise<Problem | null>
  /** Of the token that the caller came with. */
  openSession(caller: Caller): Promise<Answer<MadeSession>>
  endSession(caller: Caller): Promise<void>
  createToken(made: NewToken): Promise<Answer<MadeToken>>
  listTokens(): Promise<readonly ApiTokenView[]>
  /** One by its id, or all that a name has; answers with those that were good until now. */
  revokeTokens(
    which: { readonly id: ApiTokenId } | { readonly name: string },
    by: string,
  ): Promise<Answer<readonly ApiTokenView[]>>
  /** Called when a token was revoked or a session ended, so that open connections are cut. */
  onOver(listener: (isOver: (caller: Caller) => boolean) => void): () => void
}

/** A working day: whoever closes the laptop signs in again tomorrow. */
const sessionLifeMs = 12 * 60 * 60_000
const hourMs = 60 * 60_000

export function openPeople({ database, clock }: { readonly database: Database; readonly clock: Clock }): People {
  const listeners = new Set<(isOver: (caller: Caller) => boolean) => void>()
  const tell = (isOver: (caller: Caller) => boolean): void => {
    for (const listener of listeners) listener(isOver)
  }
  const instant = (ms: number): Instant => new Date(ms).toISOString()

  /** When a person last worked, nobody needs to know to the minute. */
  async function note({ id, lastUsedAt }: ApiTokenView): Promise<void> {
    const hour = instant(clock.nowMs() - (clock.nowMs() % hourMs))
    if (lastUsedAt !== hour) await usedApiToken(database, id, hour)
  }

  async function letIn(token: ApiTokenView, session: Caller['session']): Promise<SignedIn> {
    const { name, roles, selector, readOnly } = token
    const over = whyTokenOver(token, clock.nowMs())
    if (over) return { ok: false, problem: over, name }
    await note(token)
    return { ok: true, value: { name, powers: { roles, selector, readOnly }, token, session } }
  }

  return {
    async signIn(secret) {
      // The same words for a slip, a guess and a token of another fleet.
      if (!isApiToken(secret)) return notSignedIn
      const hash = secretHash(secret)
      const found = await findApiToken(database, hash)
      if (!found || !isSameHash(found.secretHash, hash)) return notSignedIn
      return letIn(found.token, null)
    },

    async resume(secret) {
      const hash = secretHash(secret)
      const found = await findConsoleSession(database, hash)
      if (!found || !isSameHash(found.secretHash, hash)) return notSignedIn
      if (clock.nowMs() >= Date.parse(found.expiresAt)) return notSignedIn
      const token = await getApiToken(database, found.token)
      return token ? letIn(token, { secretHash: hash, expiresAt: found.expiresAt }) : notSignedIn
    },

    async whyOver({ token, session }) {
      if (!token) return null
      const now = await getApiToken(database, token.id)
      const over = now ? whyTokenOver(now, clock.nowMs()) : notSignedIn.problem
      if (over || !session) return over
      const found = await findConsoleSession(database, session.secretHash)
      return found && clock.nowMs() < Date.parse(found.expiresAt) ? null : notSignedIn.problem
    },

    async openSession({ token, session }) {
      // A session that could make another would never end.
      if (!token || session) return notSignedIn
      const nowMs = clock.nowMs()
      const tokenEndsMs = token.expiresAt === null ? Infinity : Date.parse(token.expiresAt)
      const expiresAt = instant(Math.min(nowMs + sessionLifeMs, tokenEndsMs))
      const secret = randomBytes(API_TOKEN_BYTES).toString('base64url')
      await addConsoleSession(database, { secret, token: token.id, madeAt: instant(nowMs), expiresAt })
      return { ok: true, value: { secret, expiresAt } }
    },

    async endSession({ session }) {
      if (!session) return
      const { secretHash: hash } = session
      await endConsoleSession(database, hash)
      tell((caller) => caller.session?.secretHash === hash)
    },

    async createToken({ name, powers, madeBy, lifeMs }) {
      const wrong = whyNotMade(powers)
      if (wrong) return { ok: false, problem: wrong }
      const nowMs = clock.nowMs()
      const secret = encodeApiToken(randomBytes(API_TOKEN_BYTES))
      const expiresAt = lifeMs === null ? null : instant(nowMs + lifeMs)
      const madeAt = instant(nowMs)
      const token = await database.transaction().execute(async (transaction) => {
        const added = await addApiToken(transaction, { secret, name, powers, madeBy, madeAt, expiresAt })
        const { id } = added
        const role = powers.roles.join(',')
        await appendRecord(transaction, { type: 'token-made', by: madeBy, token: id, name, role, expiresAt }, madeAt)
        return added
      })
      return { ok: true, value: { secret, token } }
    },

    listTokens: () => listApiTokens(database),

    async revokeTokens(which, by) {
      const all = await listApiTokens(database)
      const meant = all.filter((token) => ('id' in which ? token.id === which.id : token.name === which.name))
      if (meant.length === 0) return unknownToken('id' in which ? which.id : which.name)
      const good = meant.filter((token) => whyTokenOver(token, clock.nowMs()) === null)
      const at = instant(clock.nowMs())
      await database.transaction().execute(async (transaction) => {
        for (const { id } of good) {
          await revokeApiToken(transaction, id, by, at)
          await appendRecord(transaction, { type: 'token-revoked', by, token: id }, at)
        }
      })
      const ids = new Set(good.map(({ id }) => id))
      tell(({ token }) => token !== null && ids.has(token.id))
      return { ok: true, value: good }
    },

    onOver(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    },
  }
}

const notSignedIn = {
  ok: false,
  name: null,
  problem: problem(
    'not-signed-in',
    'This controller does not know the token, or none was shown. Check that it is whole and was made for this fleet. To sign in with another one:\n    fleetmend login',
  ),
} as const

export function whyTokenOver(
  { expiresAt, revokedAt, revokedBy, name, roles }: ApiTokenView,
  nowMs: number,
): Problem | null {
  const another = `An admin of the fleet can make another one, on the controller's machine:\n    fleetmend tokens create --name ${name} --role ${roles.join(',')}`
  if (revokedAt !== null)
    return problem('api-token-over', `The token of ${name} was revoked at ${revokedAt} by ${revokedBy}. ${another}`)
  if (expiresAt !== null && nowMs >= Date.parse(expiresAt))
    return problem('api-token-over', `The token of ${name} was good until ${expiresAt}. ${another}`)
  return null
}

function whyNotMade({ roles, selector }: Powers): Problem | null {
  if (selector === null) return null
  if (roles.includes('admin'))
    return problem(
      'usage',
      'An admin decides who belongs to the fleet, so the role cannot be kept to some of its hosts. Leave out the selector, or give another role.',
    )
  const read = readSelector(selector)
  return read.ok ? null : read.problem
}

function unknownToken(what: string): Answer<never> {
  const says = `There is no token ${JSON.stringify(what.slice(0, 80))}. To see those there are:\n    fleetmend tokens list`
  return { ok: false, problem: problem('unknown-token', says) }
}
