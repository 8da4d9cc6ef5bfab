import { beforeEach, expect, test } from 'vitest'
import { openMemoryStore } from '../store/open-sqlite.ts'
import { must } from '../../test/people-door.ts'
import { openPeople, type People } from './people.ts'
import { signIn, type Asking } from './sign-in.ts'

let people: People
let nowMs: number
let judge: ReturnType<typeof signIn>
beforeEach(async () => {
  const database = await openMemoryStore()
  nowMs = Date.parse('2026-11-21T03:15:02.000Z')
  const clock = { nowMs: () => nowMs, sleep: async () => undefined }
  people = openPeople({ database, clock })
  judge = signIn({ people, clock, isOurs: (origin) => origin === 'https://ours.example' })
  return () => database.destroy()
})

async function tokenOf(name: string): Promise<string> {
  const powers = { roles: ['operator' as const], selector: null, readOnly: false }
  return must(await people.createToken({ name, powers, lifeMs: null, madeBy: 'root' })).secret
}

const from = (address: string, headers: Asking['headers'] = {}, wants: Asking['wants'] = 'to-read'): Asking => ({
  address,
  headers,
  wants,
})

async function codeFor(asking: Asking): Promise<string | null> {
  const known = await judge(asking)
  return known.ok ? null : known.problem.code
}

test.each([
  { what: 'as it is written', of: (token: string) => `Bearer ${token}`, code: null },
  { what: 'with another case of the scheme', of: (token: string) => `bearer ${token}`, code: null },
  { what: 'without a scheme', of: (token: string) => token, code: 'not-signed-in' },
  { what: 'with another scheme', of: (token: string) => `Basic ${token}`, code: 'not-signed-in' },
  { what: 'twice', of: (token: string) => `Bearer ${token}, Bearer ${token}`, code: 'not-signed-in' },
  { what: 'with something behind it', of: (token: string) => `Bearer ${token} x`, code: 'not-signed-in' },
])('a token in the header $what: $code', async ({ of, code }) => {
  expect(await codeFor(from('192.0.2.1', { authorization: of(await tokenOf('ana')) }))).toBe(code)
})

test('a token goes before a cookie, so that a script in a browser is who it says it is', async () => {
  const session = must(
    await people.openSession(must(await judge(from('::1', { authorization: `Bearer ${await tokenOf('ana')}` })))),
  )
  const cookie = `__Host-fleetmend=${session.secret}`
  expect(must(await judge(from('::1', { cookie }))).name).toBe('ana')
  const authorization = `Bearer ${await tokenOf('ben')}`
  expect(must(await judge(from('::1', { cookie, authorization }))).name).toBe('ben')
})

test('who shows nothing good is slowed down, network by network; whoever shows a good token is let in', async () => {
  for (let n = 0; n < 20; n++) expect(await codeFor(from(`2001:db8::${n}`))).toBe('not-signed-in')
  const slowed = await judge(from('2001:db8::99'))
  expect(slowed).toMatchObject({ ok: false, problem: { code: 'too-many-attempts', retryAfterMs: 5000 } })
  expect(await codeFor(from('2001:db8:0:1::1'))).toBe('not-signed-in')
  expect(await codeFor(from('192.0.2.1'))).toBe('not-signed-in')
  expect(await codeFor(from('2001:db8::1', { authorization: `Bearer ${await tokenOf('ana')}` }))).toBeNull()
  nowMs += 5000
  expect(await codeFor(from('2001:db8::1'))).toBe('not-signed-in')
  expect(await codeFor(from('2001:db8::1'))).toBe('too-many-attempts')
})

test('a token that is over counts against nobody: it is a script that nobody has told', async () => {
  const token = await tokenOf('ci')
  must(await people.revokeTokens({ name: 'ci' }, 'root'))
  for (let n = 0; n < 100; n++)
    expect(await codeFor(from('192.0.2.1', { authorization: `Bearer ${token}` }))).toBe('api-token-over')
  expect(await codeFor(from('192.0.2.1'))).toBe('not-signed-in')
})

test('a flood from one network is turned away whatever it shows, and others notice nothing', async () => {
  const headers = { authorization: `Bearer ${await tokenOf('ana')}` }
  for (let n = 0; n < 600; n++) expect(await codeFor(from('192.0.2.1', headers))).toBeNull()
  expect(await judge(from('192.0.2.1', headers))).toMatchObject({
    problem: { code: 'too-many-attempts', retryAfterMs: 10 },
  })
  expect(await codeFor(from('192.0.2.2', headers))).toBeNull()
  nowMs += 10
  expect(await codeFor(from('192.0.2.1', headers))).toBeNull()
})
