import { encodeApiToken, type Powers } from '@fleetmend/shared'
import { beforeEach, describe, expect, test } from 'vitest'
import { stores } from '../../test/stores.ts'
import type { Database } from '../store/tables.ts'
import type { Caller } from './caller.ts'
import { openPeople, type People } from './people.ts'

const dayMs = 24 * 60 * 60_000
const startMs = Date.parse('2026-11-21T03:15:02.000Z')
const operator: Powers = { roles: ['operator'], selector: 'env=prod', readOnly: false }

describe.each(stores)('over $store', ({ open }) => {
  let database: Database
  let people: People
  let nowMs: number
  beforeEach(async () => {
    const opened = await open()
    database = opened.database
    nowMs = startMs
    people = openPeople({ database, clock: { nowMs: () => nowMs, sleep: async () => undefined } })
    return opened.close
  })

  async function made(name = 'ana', lifeMs: number | null = 90 * dayMs, powers = operator) {
    const answer = await people.createToken({ name, powers, lifeMs, madeBy: 'root' })
    if (!answer.ok) throw new Error(answer.problem.detail)
    return answer.value
  }

  async function signedIn(secret: string): Promise<Caller> {
    const answer = await people.signIn(secret)
    if (!answer.ok) throw new Error(answer.problem.detail)
    return answer.value
  }

  describe('a token', () => {
    test('lets in whom it names, with its powers', async () => {
      const { secret, token } = await made()
      expect(await signedIn(secret)).toMatchObject({ name: 'ana', powers: operator, token: { id: token.id } })
      expect(token).toMatchObject({ madeBy: 'root', expiresAt: '2027-02-19T03:15:02.000Z', lastUsedAt: null })
    })

    test('is nowhere in the store, whole or in part', async () => {
      const { secret } = await made()
      const rows = JSON.stringify(await database.selectFrom('api_tokens').selectAll().execute())
      expect(rows).not.toContain(secret.slice(4, 20))
      expect(rows).not.toContain(secret.slice(-20))
    })

    test.each([
      {
        what: 'with one character changed',
        of: (secret: string) => secret.replace(/.$/, (c) => (c === 'a' ? 'b' : 'a')),
      },
      { what: 'that is cut off', of: (secret: string) => secret.slice(0, -1) },
      { what: 'that is none', of: () => 'fmt_' },
      { what: 'of another fleet', of: () => encodeApiToken(new Uint8Array(32).fill(7)) },
      { what: 'that is empty', of: () => '' },
      { what: 'of its hash', of: () => 'a'.repeat(64) },
    ])('$what is refused in the same words as every other', async ({ of }) => {
      const { secret } = await made()
      const refused = await people.signIn(of(secret))
      expect(refused).toEqual(await people.signIn(encodeApiToken(new Uint8Array(32).fill(1))))
      expect(refused).toMatchObject({ ok: false, problem: { code: 'not-signed-in' } })
    })

    test('is over at its time to the millisecond, and its owner is told', async () => {
      const { secret } = await made('ana', dayMs)
      nowMs = startMs + dayMs - 1
      const caller = await signedIn(secret)
      expect(await people.whyOver(caller)).toBeNull()
      nowMs++
      expect(await people.signIn(secret)).toMatchObject({ ok: false, problem: { code: 'api-token-over' } })
      expect(await people.whyOver(caller)).toMatchObject({
        code: 'api-token-over',
        detail: expect.stringContaining('was good until 2026-11-22T03:15:02.000Z') as string,
      })
    })

    test('without an end is good for ever', async () => {
      const { secret } = await made('ci', null)
      nowMs = startMs + 10_000 * dayMs
      expect(await signedIn(secret)).toMatchObject({ name: 'ci' })
    })

    test('that is revoked is over at once for those it let in, and who did it stays known', async () => {
      const [mine, other] = [await made('ana'), await made('ben')]
      const caller = await signedIn(mine.secret)
      const cut: boolean[] = []
      const others = await signedIn(other.secret)
      people.onOver((isOver) => cut.push(isOver(caller), isOver(others)))
      expect(await people.revokeTokens({ id: mine.token.id }, 'root')).toMatchObject({
        ok: true,
        value: [{ name: 'ana' }],
      })
      expect(cut).toEqual([true, false])
      expect(await people.whyOver(caller)).toMatchObject({ code: 'api-token-over' })
      expect(await people.signIn(mine.secret)).toMatchObject({
        problem: { detail: expect.stringContaining('was revoked at 2026-11-21T03:15:02.000Z by root') as string },
      })
      expect(await people.signIn(other.secret)).toMatchObject({ ok: true })
      nowMs += dayMs
      expect(await people.revokeTokens({ id: mine.token.id }, 'mallory')).toEqual({ ok: true, value: [] })
      expect(await people.listTokens()).toContainEqual(
        expect.objectContaining({ id: mine.token.id, revokedBy: 'root', revokedAt: '2026-11-21T03:15:02.000Z' }),
      )
    })

    test('all that a name has are revoked together', async () => {
      const secrets = [(await made('ana')).secret, (await made('ana')).secret, (await made('ben')).secret]
      await people.revokeTokens({ name: 'ana' }, 'root')
      expect((await Promise.all(secrets.map((secret) => people.signIn(secret)))).map(({ ok }) => ok)).toEqual([
        false,
        false,
        true,
      ])
    })

    test('is remembered as used to the hour, and no finer', async () => {
      const { secret, token } = await made()
      await signedIn(secret)
      const lastUse = async () => (await people.listTokens()).find(({ id }) => id === token.id)?.lastUsedAt
      expect(await lastUse()).toBe('2026-11-21T03:00:00.000Z')
      nowMs += 44 * 60_000
      await signedIn(secret)
      expect(await lastUse()).toBe('2026-11-21T03:00:00.000Z')
      nowMs += 60_000
      await signedIn(secret)
      expect(await lastUse()).toBe('2026-11-21T04:00:00.000Z')
    })

    test.each([
      { powers: { ...operator, roles: ['operator' as const, 'admin' as const] }, code: 'usage' },
      { powers: { ...operator, selector: 'env==(' }, code: 'usage' },
      { powers: { ...operator, selector: '' }, code: 'usage' },
    ])('cannot be made with $powers', async ({ powers, code }) => {
      expect(await people.createToken({ name: 'ana', powers, lifeMs: dayMs, madeBy: 'root' })).toMatchObject({
        ok: false,
        problem: { code },
      })
      expect(await people.listTokens()).toEqual([])
    })

    test('that nobody has cannot be revoked', async () => {
      expect(await people.revokeTokens({ id: 't-00000000' }, 'root')).toMatchObject({
        problem: { code: 'unknown-token' },
      })
    })
  })

  describe('a session', () => {
    async function session(lifeMs: number | null = 90 * dayMs) {
      const { secret, token } = await made('ana', lifeMs)
      const opened = await people.openSession(await signedIn(secret))
      if (!opened.ok) throw new Error(opened.problem.detail)
      return { ...opened.value, token }
    }

    test('lets in as its token does, for twelve hours', async () => {
      const { secret, expiresAt } = await session()
      expect(expiresAt).toBe('2026-11-21T15:15:02.000Z')
      expect(await people.resume(secret)).toMatchObject({ ok: true, value: { name: 'ana', powers: operator } })
      nowMs += dayMs / 2
      expect(await people.resume(secret)).toMatchObject({ problem: { code: 'not-signed-in' } })
    })

    test('makes no other: it would never end', async () => {
      const { secret } = await session()
      const answer = await people.resume(secret)
      if (!answer.ok) throw new Error(answer.problem.detail)
      expect(await people.openSession(answer.value)).toMatchObject({ ok: false, problem: { code: 'not-signed-in' } })
    })

    test('is over with its token, whether that was revoked or has expired', async () => {
      expect((await session(60_000)).expiresAt).toBe('2026-11-21T03:16:02.000Z')
      const { secret, token } = await session()
      await people.revokeTokens({ id: token.id }, 'root')
      expect(await people.resume(secret)).toMatchObject({ problem: { code: 'api-token-over' } })
    })

    test('that was ended lets nobody in, and cuts those it let in; its token stays good', async () => {
      const { secret } = await session()
      const answer = await people.resume(secret)
      if (!answer.ok) throw new Error(answer.problem.detail)
      let cut = false
      people.onOver((isOver) => (cut = isOver(answer.value)))
      await people.endSession(answer.value)
      expect(cut).toBe(true)
      expect(await people.resume(secret)).toMatchObject({ problem: { code: 'not-signed-in' } })
      expect(await people.whyOver(answer.value)).toMatchObject({ code: 'not-signed-in' })
      expect(await people.whyOver({ ...answer.value, session: null })).toBeNull()
    })

    test('is not kept in the clear, and goes when it is over', async () => {
      const { secret } = await session()
      const rows = () => database.selectFrom('console_sessions').selectAll().execute()
      expect(JSON.stringify(await rows())).not.toContain(secret)
      nowMs += dayMs
      await session()
      expect(await rows()).toHaveLength(1)
    })
  })
})
