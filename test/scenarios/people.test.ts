/** People and automation over the network: what a token lets them do, until when, and what stays hidden from them. */
import { httpLink, createTRPCClient } from '@trpc/client'
import { describe, expect, test } from 'vitest'
import type { ApiRouter } from '../../packages/controller/src/index.ts'
import { approve, endOf, planRun } from './begin-run.ts'
import { bearer, clientOf, codeIn, codeOf, dial, http, problemIn, tokenFor } from './people-client.ts'
import { openWorld, type World } from './world.ts'

const reason = 'to see'

describe('over a WebSocket', () => {
  test('an operator plans, an approver approves, an operator carries out; each under the name of their token', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    host.killFpm()
    const ana = await clientOf(world, (await tokenFor(world, 'ana', 'operator')).secret)
    const ben = await clientOf(world, (await tokenFor(world, 'ben', 'approver')).secret)
    const run = await planRun(ana.api, { by: 'somebody else' })
    expect([run.requester, run.manifest?.requester]).toEqual(['ana', 'ana'])
    expect(await codeOf(approve(ana.api, run, world.keys.olivia))).toBe('not-permitted')
    await approve(ben.api, run, world.keys.olivia)
    expect(await codeOf(ben.api.runs.begin.mutate({ run: run.id }))).toBe('not-permitted')
    await ana.api.runs.begin.mutate({ run: run.id, by: 'root' })
    expect((await endOf(ana.api, run.id)).state).toBe('finished')
    expect(host.status()).toBe(200)
    const told: (string | null)[] = []
    for await (const { data } of ana.api.runs.watch.subscribe({ run: run.id }))
      if (data.news === 'event' && data.event.type === 'apply-started') told.push(data.event.by)
    expect(told).toEqual(['ana'])
  })

  test('the hosts outside its scope do not exist for a token: not in lists, not in runs, not as a name', async () => {
    await using world = await openWorld()
    await world.add('web-1', { env: 'prod' })
    await world.add('web-2', { env: 'staging' })
    const whole = await planRun(world.api())
    const { secret } = await tokenFor(world, 'ci', 'operator', { selector: 'env=staging' })
    const { api } = await clientOf(world, secret)
    expect((await api.hosts.list.query({})).map(({ id }) => id)).toEqual(['web-2'])
    const asked = await problemIn(api.hosts.list.query({ hosts: ['web-1'] }))
    expect(asked?.detail).toBe(
      (await problemIn(api.hosts.list.query({ hosts: ['web-9'] })))?.detail.replace('web-9', 'web-1'),
    )
    expect(await codeOf(api.hosts.list.query({ selector: 'env=prod' }))).toBe('empty-selection')
    const started = await planRun(api)
    expect(started.hosts.map(({ id }) => id)).toEqual(['web-2'])
    expect(await codeOf(planRun(api, { target: { hosts: ['web-1', 'web-2'] } }))).toBe('unknown-host')
    expect((await api.runs.list.query({ limit: 10 })).map(({ id }) => id)).toEqual([started.id])
    for (const hidden of [
      api.runs.show.query({ run: whole.id }),
      api.runs.pause.mutate({ run: whole.id, reason }),
      api.runs.abort.mutate({ run: whole.id, reason }),
    ])
      expect(await codeOf(hidden)).toBe('unknown-run')
    expect(new Set((await api.catalogue.query()).map(({ hosts }) => hosts))).toEqual(new Set([1]))
    const answers: string[] = []
    for await (const { host } of api.diagnose.subscribe({ target: {} })) answers.push(host)
    expect(answers).toEqual(['web-2'])
  })

  test('a token that is revoked is cut off in the middle of what it follows, and told why', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const { secret, id } = await tokenFor(world, 'ana', 'operator')
    const { api, peer } = await clientOf(world, secret)
    expect(await api.whoami.query()).toMatchObject({ name: 'ana', roles: ['operator'], token: id })
    await world.api().tokens.revoke.mutate({ id })
    expect(await peer.ended).toMatchObject({ by: 'them', problem: { code: 'api-token-over' } })
    expect(await dial(world, secret)).toMatchObject({ ok: false, again: false, problem: { code: 'api-token-over' } })
  })

  test('a restarted controller still knows its tokens, and only their hashes', async () => {
    await using world = await openWorld()
    const { secret } = await tokenFor(world, 'ana', 'viewer')
    await world.stopController()
    await world.startController()
    const { api } = await clientOf(world, secret)
    expect(await api.whoami.query()).toMatchObject({ name: 'ana' })
  })

  test('nobody has more than sixteen lines, and another one who asks gets theirs', async () => {
    await using world = await openWorld()
    const { secret } = await tokenFor(world, 'ana', 'viewer')
    for (let n = 0; n < 16; n++) await clientOf(world, secret)
    expect(await dial(world, secret)).toMatchObject({ ok: false, problem: { code: 'too-many-requests' } })
    expect(await dial(world, (await tokenFor(world, 'ben', 'viewer')).secret)).toMatchObject({ ok: true })
  })
})

describe('over plain HTTP', () => {
  test('a stock tRPC client asks and does, with the same answers and the same problems', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    host.killFpm()
    const { secret } = await tokenFor(world, 'ci', 'operator')
    const api = stockClient(world, secret)
    expect((await api.hosts.list.query({})).map(({ id }) => id)).toEqual(['web-1'])
    expect(await problemIn(api.hosts.list.query({ hosts: ['web-9'] }))).toMatchObject({ code: 'unknown-host' })
    expect(await codeOf(api.tokens.list.query())).toBe('not-permitted')
    const run = await planRun(api)
    expect(await api.runs.abort.mutate({ run: run.id, reason })).toMatchObject({ id: run.id })
  })

  test.each([
    { what: 'no token', path: '/api/whoami', options: {}, status: 401, code: 'not-signed-in' },
    {
      what: 'the token in the address',
      path: '/api/whoami?token=TOKEN',
      options: {},
      status: 401,
      code: 'not-signed-in',
    },
    { what: 'a mutation by GET', path: '/api/hosts.remove', options: { token: true }, status: 404, code: null },
    {
      what: 'no such procedure',
      path: '/api/hosts.destroy',
      options: { token: true },
      status: 404,
      code: 'not-offered',
    },
    {
      what: 'no procedure at all',
      path: '/api/../etc/passwd',
      options: { token: true },
      status: 404,
      code: 'bad-input',
    },
    { what: 'another path', path: '/', options: { token: true }, status: 404, code: 'bad-input' },
    {
      what: 'another method',
      path: '/api/whoami',
      options: { token: true, method: 'PUT' },
      status: 404,
      code: 'bad-input',
    },
    {
      what: 'an input that is no JSON',
      path: '/api/hosts.list?input={',
      options: { token: true },
      status: 400,
      code: 'bad-input',
    },
    {
      what: 'a form',
      path: '/api/runs.abort',
      options: { token: true, method: 'POST', type: 'application/x-www-form-urlencoded', body: 'run=1' },
      status: 415,
      code: 'bad-input',
    },
    {
      what: 'a body that is too big',
      path: '/api/runs.abort',
      options: { token: true, method: 'POST', body: `"${'x'.repeat(1024 * 1024)}"` },
      status: 413,
      code: 'too-big',
    },
  ])('$what is refused', async ({ path, options, status, code }) => {
    await using world = await openWorld()
    const { secret } = await tokenFor(world, 'ana', 'operator')
    const {
      token,
      type = 'application/json',
      ...sent
    } = options as {
      readonly token?: boolean
      readonly type?: string
      readonly method?: string
      readonly body?: string
    }
    const headers = { ...(token ? bearer(secret) : {}), 'content-type': type }
    const answer = await http(world, path.replace('TOKEN', secret), { ...sent, headers })
    expect([answer.status, code === null ? null : codeIn(answer)], answer.body).toEqual([status, code])
    expect(answer.body).not.toContain(secret)
    expect(answer.headers['cache-control']).toBe('no-store')
  })
})

describe('a session of a console', () => {
  async function session(world: World) {
    const { secret, id } = await tokenFor(world, 'ana', 'operator')
    const opened = await http(world, '/session', { method: 'POST', headers: bearer(secret) })
    const [cookie = ''] = opened.headers['set-cookie'] ?? []
    return { id, status: opened.status, set: cookie, cookie: cookie.split(';')[0] ?? '' }
  }
  const ours = (world: World) => ({ origin: world.apiUrl().replace('wss:', 'https:') })

  test('its cookie is for this host alone, out of the reach of scripts and of other sites', async () => {
    await using world = await openWorld()
    const { status, set } = await session(world)
    expect(status).toBe(204)
    expect(set).toMatch(/^__Host-fleetmend=[\w-]{43}; Path=\/; Max-Age=(3599|3600); HttpOnly; Secure; SameSite=Strict$/)
  })

  test('it reads, it changes from our own page alone, and it ends with its token', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    host.killFpm()
    const { cookie, id } = await session(world)
    const run = await planRun(world.api())
    const abort = { method: 'POST', body: JSON.stringify({ run: run.id, reason }) }
    expect((await http(world, '/api/whoami', { headers: { cookie } })).body).toContain('"ana"')
    const blind = await http(world, '/api/runs.abort', { ...abort, headers: { cookie } })
    expect([blind.status, codeIn(blind)]).toEqual([403, 'other-site'])
    const foreign = { cookie, origin: 'https://evil.example' }
    expect((await http(world, '/api/runs.abort', { ...abort, headers: foreign })).status).toBe(403)
    expect((await http(world, '/api/runs.abort', { ...abort, headers: { cookie, ...ours(world) } })).status).toBe(200)
    await world.api().tokens.revoke.mutate({ id })
    expect((await http(world, '/api/whoami', { headers: { cookie } })).status).toBe(401)
  })

  test('signing out ends it, and nothing else', async () => {
    await using world = await openWorld()
    const { cookie } = await session(world)
    const other = await session(world)
    const ended = await http(world, '/session', { method: 'DELETE', headers: { cookie, ...ours(world) } })
    expect([ended.status, ended.headers['set-cookie']?.[0]]).toEqual([204, expect.stringContaining('Max-Age=0')])
    expect((await http(world, '/api/whoami', { headers: { cookie } })).status).toBe(401)
    expect((await http(world, '/api/whoami', { headers: { cookie: other.cookie } })).status).toBe(200)
  })
})

/** As automation would write it, but for the authority, which `fetch` takes from nowhere but its environment. */
function stockClient(world: World, token: string) {
  const url = `${world.apiUrl().replace('wss:', 'https:')}/api`
  return createTRPCClient<ApiRouter>({
    links: [
      httpLink({
        url,
        headers: bearer(token),
        fetch: async (asked, init) => {
          const { pathname, search } = new URL(String(asked))
          const { method = 'GET', body } = init ?? {}
          const headers = { ...(init?.headers as Record<string, string>) }
          const answer = await http(world, `${pathname}${search}`, {
            method,
            headers,
            ...(typeof body === 'string' ? { body } : {}),
          })
          return new Response(answer.body, { status: answer.status, headers: { 'content-type': 'application/json' } })
        },
      }),
    ],
  })
}
