/** Whoever comes to the address for people without a good token, with somebody else's browser, or with noise. */
import { API_PATH, encodeApiToken, type ProblemCode } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect } from 'vitest'
import { connectNetwork } from '../../packages/cli/src/connection/connect-network.ts'
import { peopleDoor } from '../../packages/controller/test/people-door.ts'
import { openRawLine } from '../../packages/controller/test/raw-line.ts'
import {
  authorityOf,
  bearer,
  clientOf,
  codeIn,
  codeOf,
  dial,
  http,
  tokenFor,
  type Client,
} from '../scenarios/people-client.ts'
import { openWorld, type World } from '../scenarios/world.ts'
import { attack, manyAttemptsMs } from './attack-table.ts'
import { chunks, sayAll, sayInTls, sayOnce, throwAt } from './throw-bytes.ts'

const count = 10_000
const hourMs = 60 * 60_000

/** With ana on a line before, who is served on it afterwards; and somebody new is let in. */
async function withHonestClient(tried: (world: World) => Promise<ProblemCode | null>): Promise<ProblemCode | null> {
  await using world = await openWorld()
  const honest = await clientOf(world, (await tokenFor(world, 'ana', 'operator')).secret)
  const ben = await tokenFor(world, 'ben', 'viewer')
  const code = await tried(world)
  expect(await honest.api.whoami.query()).toMatchObject({ name: 'ana' })
  const next = await clientOf(world, ben.secret)
  expect(await next.api.whoami.query()).toMatchObject({ name: 'ben' })
  expect(world.log.filter((line) => line.includes('bug'))).toEqual([])
  return code
}

async function refusal(world: World, token: string): Promise<ProblemCode | null> {
  const [line, call] = [await dial(world, token), await http(world, '/api/whoami', { headers: bearer(token) })]
  const code = line.ok ? null : line.problem.code
  // One judge for both ways in.
  expect(codeIn(call)).toBe(code)
  return code
}

const stranger = 'a stranger'

attack({ attacker: stranger, attempt: 'asks people’s API without a token', refusedWith: 'not-signed-in' }, () =>
  withHonestClient(async (world) => codeIn(await http(world, '/api/runs.list?input={"limit":1}'))),
)

attack({ attacker: stranger, attempt: 'shows a token that is cut off', refusedWith: 'not-signed-in' }, () =>
  withHonestClient(async (world) => refusal(world, (await tokenFor(world, 'eve', 'admin')).secret.slice(0, -1))),
)

attack({ attacker: stranger, attempt: 'shows a token that he made himself', refusedWith: 'not-signed-in' }, () =>
  withHonestClient((world) => refusal(world, encodeApiToken(new Uint8Array(32).fill(9)))),
)

attack({ attacker: 'an admin of another fleet', attempt: 'shows his token here', refusedWith: 'not-signed-in' }, () =>
  withHonestClient(async (world) => {
    await using other = await openWorld()
    return await refusal(world, (await tokenFor(other, 'ana', 'admin')).secret)
  }),
)

attack({ attacker: 'a former colleague', attempt: 'shows a revoked token', refusedWith: 'api-token-over' }, () =>
  withHonestClient(async (world) => {
    const { secret, id } = await tokenFor(world, 'eve', 'admin')
    await world.api().tokens.revoke.mutate({ id })
    return await refusal(world, secret)
  }),
)

attack(
  { attacker: 'a former colleague', attempt: 'shows an expired token', refusedWith: 'api-token-over' },
  async () => {
    const door = await peopleDoor()
    const [old, good] = [await door.tokenOf('eve', 'admin', hourMs), await door.tokenOf('ana')]
    await door.clock.pass(hourMs)
    const way = { url: `wss://127.0.0.1:${door.port}`, trusted: [door.ca] }
    const [shown, honest] = [
      await connectNetwork({ ...way, token: old }),
      await connectNetwork({ ...way, token: good }),
    ]
    expect(honest.ok).toBe(true)
    return shown.ok ? null : shown.problem.code
  },
)

attack(
  {
    attacker: 'a former colleague',
    attempt: 'stays on the line when his token is revoked',
    refusedWith: 'api-token-over',
  },
  () =>
    withHonestClient(async (world) => {
      const { secret, id } = await tokenFor(world, 'eve', 'admin')
      const { peer, api } = await clientOf(world, secret)
      const calls = Promise.all([followed(api), world.api().tokens.revoke.mutate({ id })])
      const end = await peer.ended
      await calls
      return end.problem?.code ?? null
    }),
)

attack(
  { attacker: stranger, attempt: 'tries one token after the other', refusedWith: 'too-many-attempts' },
  async () => {
    await using world = await openWorld()
    const codes = new Map<ProblemCode | null, number>()
    for (let n = 0; n < 100; n++) {
      const token = encodeApiToken(new Uint8Array(32).fill(n))
      const code = codeIn(await http(world, '/api/whoami', { headers: bearer(token) }))
      codes.set(code, (codes.get(code) ?? 0) + 1)
    }
    // As many as a person may slip, and what has been gained again while this ran.
    expect(codes.get('not-signed-in')).toBeLessThan(40)
    return codes.get('too-many-attempts') === undefined ? null : 'too-many-attempts'
  },
)

const site = 'a page of another site'

async function sessionOf(world: World): Promise<string> {
  const { secret } = await tokenFor(world, 'eve', 'admin')
  const { headers } = await http(world, '/session', { method: 'POST', headers: bearer(secret) })
  return headers['set-cookie']?.[0]?.split(';')[0] ?? ''
}

const upgrade = {
  connection: 'Upgrade',
  upgrade: 'websocket',
  'sec-websocket-version': '13',
  'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
}

attack({ attacker: site, attempt: 'opens a WebSocket with the cookie of a visitor', refusedWith: 'other-site' }, () =>
  withHonestClient(async (world) => {
    const headers = { ...upgrade, cookie: await sessionOf(world), origin: 'https://evil.example' }
    return codeIn(await http(world, API_PATH, { headers }))
  }),
)

attack({ attacker: site, attempt: 'makes a browser revoke tokens with its cookie', refusedWith: 'other-site' }, () =>
  withHonestClient(async (world) => {
    const headers = { cookie: await sessionOf(world), origin: 'https://evil.example', 'content-type': 'text/plain' }
    const body = JSON.stringify({ name: 'ana' })
    return codeIn(await http(world, '/api/tokens.revoke', { method: 'POST', headers, body }))
  }),
)

attack({ attacker: site, attempt: 'does so in a way that names no page', refusedWith: 'other-site' }, () =>
  withHonestClient(async (world) => {
    const headers = { cookie: await sessionOf(world), 'content-type': 'application/json' }
    const body = JSON.stringify({ name: 'ana' })
    return codeIn(await http(world, '/api/tokens.revoke', { method: 'POST', headers, body }))
  }),
)

attack({ attacker: 'an operator', attempt: 'asks without a pause', refusedWith: 'too-many-requests' }, () =>
  withHonestClient(async (world) => {
    const { api } = await clientOf(world, (await tokenFor(world, 'eve', 'operator')).secret)
    for (let n = 0; n < 1000; n++) {
      const code = await codeOf(api.whoami.query())
      if (code !== null) return code
    }
    return null
  }),
)

attack({ attacker: 'an operator', attempt: 'names a host outside his scope', refusedWith: 'unknown-host' }, () =>
  withHonestClient(async (world) => {
    await world.add('web-1', { env: 'prod' })
    await world.add('web-2', { env: 'staging' })
    const { secret } = await tokenFor(world, 'eve', 'operator', { selector: 'env=staging' })
    const { api } = await clientOf(world, secret)
    return await codeOf(api.hosts.list.query({ hosts: ['web-1'] }))
  }),
)

attack(
  {
    attacker: stranger,
    attempt: `sends people’s port ${count} arbitrary byte strings`,
    refusedWith: 'malformed-frame',
  },
  () =>
    withHonestClient(async (world) => {
      const port = Number(new URL(world.apiUrl()).port)
      const [authority = ''] = await authorityOf(world)
      const { secret } = await tokenFor(world, 'eve', 'viewer')
      const strings = fc.sample(fc.uint8Array({ maxLength: 300 }), { numRuns: count, seed: 11 })
      const inside = strings.splice(0, 600)
      for (const some of chunks(strings, 100)) await Promise.all(some.map((bytes) => throwAt(port, bytes)))
      for (const some of chunks(inside.slice(0, 300), 30))
        await Promise.all(some.map((bytes) => sayInTls(port, authority, bytes)))
      const codes = new Set<string>()
      for (const bytes of inside.slice(300)) {
        const line = await openRawLine({ url: `${world.apiUrl()}${API_PATH}`, authority, headers: bearer(secret) })
        codes.add(await sayOnce(line, bytes))
      }
      expect([...codes].filter((code) => code !== 'closed')).toEqual(['malformed-frame'])
      return 'malformed-frame'
    }),
  manyAttemptsMs,
)

attack(
  {
    attacker: 'a viewer',
    attempt: `sends ${count} valid frames in arbitrary order`,
    refusedWith: 'too-many-requests',
  },
  () =>
    withHonestClient(async (world) => {
      const [authority = ''] = await authorityOf(world)
      const { secret } = await tokenFor(world, 'eve', 'viewer')
      const frames = fc.sample(frame, { numRuns: count, seed: 13 })
      const ends = new Set<string>()
      const refusals = new Set<string>()
      while (frames.length > 0) {
        const line = await openRawLine({ url: `${world.apiUrl()}${API_PATH}`, authority, headers: bearer(secret) })
        ends.add(await sayAll(line, frames))
        for (const each of line.refusals) refusals.add(each)
      }
      // What is no answer to anything ends a line; what is a call too many ends with its own problem.
      expect(ends).toContain('malformed-frame')
      expect([...refusals]).toEqual(expect.arrayContaining(['not-permitted', 'too-many-requests']))
      return refusals.has('too-many-requests') ? 'too-many-requests' : null
    }),
  manyAttemptsMs,
)

const id = fc.integer({ min: 1, max: 1000 })
const path = fc.constantFrom('whoami', 'runs.list', 'hosts.list', 'hosts.remove', 'runs.start', 'a.b', '__proto__', '')
const input = fc.oneof(fc.constant(undefined), fc.jsonValue(), fc.constant({ limit: 1 }), fc.constant({}))
const frame = fc
  .oneof(
    {
      weight: 12,
      arbitrary: fc.record({ id, method: fc.constantFrom('query', 'mutation'), params: fc.record({ path, input }) }),
    },
    {
      weight: 3,
      arbitrary: fc.record({ id, method: fc.constant('subscription'), params: fc.record({ path, input }) }),
    },
    { weight: 3, arbitrary: fc.record({ id, method: fc.constant('subscription.stop') }) },
    { weight: 1, arbitrary: fc.record({ id, result: fc.record({ type: fc.constant('data'), data: fc.jsonValue() }) }) },
    { weight: 1, arbitrary: fc.constantFrom('PING', 'PONG') },
  )
  .map((each) => (typeof each === 'string' ? each : JSON.stringify(each)))

async function followed(api: Client['api']): Promise<void> {
  try {
    for await (const each of api.diagnose.subscribe({ target: {} })) expect(each).toBe('nothing')
  } catch {
    // Cut off, as it should be; by what, the end of the line tells.
  }
}
