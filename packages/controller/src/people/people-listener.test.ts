import { once } from 'node:events'
import { request } from 'node:https'
import { connect } from 'node:tls'
import { API_PATH, Peer, problemOf, webSocketChannel } from '@fleetmend/shared'
import { describe, expect, onTestFinished, test } from 'vitest'
import { WebSocket } from 'ws'
import { quiet } from '../../test/fake-clock.ts'
import { must, peopleDoor, type PeopleDoor } from '../../test/people-door.ts'

async function line({ port, ca }: PeopleDoor, headers: Record<string, string>) {
  const ws = new WebSocket(`wss://127.0.0.1:${port}${API_PATH}`, { ca, headers })
  const status = new Promise<number>((resolve) => {
    ws.on('unexpected-response', (sent, response) => {
      resolve(response.statusCode ?? 0)
      sent.destroy()
    })
    ws.on('open', () => resolve(101))
    ws.on('error', () => undefined)
  })
  const peer = new Promise<Peer>((resolve) => ws.on('open', () => resolve(new Peer(webSocketChannel(ws)))))
  onTestFinished(() => ws.terminate())
  return { status: await status, peer }
}

async function ask(peer: Peer): Promise<unknown> {
  return peer.query('who').catch(problemOf)
}

function get(
  at: PeopleDoor,
  headers: Record<string, string>,
): Promise<{ status: number; retryAfter?: string; body: string }> {
  return new Promise((resolve, reject) => {
    const sent = request({ ...reached(at), path: `${API_PATH}/who`, headers }, (response) => {
      let body = ''
      response.on('data', (chunk: Buffer) => (body += chunk.toString()))
      response.on('end', () => {
        const retryAfter = response.headers['retry-after']
        resolve({ status: response.statusCode ?? 0, body, ...(retryAfter === undefined ? {} : { retryAfter }) })
      })
    })
    sent.on('error', reject)
    sent.end()
  })
}

const reached = ({ port, ca }: PeopleDoor) => ({ host: '127.0.0.1', port, ca, agent: false as const })
const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

describe('how often somebody may ask', () => {
  test('is counted for a person over all their tokens and connections, and told as time to wait', async () => {
    const at = await peopleDoor()
    const [laptop, phone] = [await at.tokenOf('ana'), await at.tokenOf('ana')]
    const one = await (await line(at, bearer(laptop))).peer
    const other = await (await line(at, bearer(phone))).peer
    for (let n = 0; n < 119; n++) expect(await ask(one)).toBe('ana')
    expect(await ask(other)).toBe('ana')
    expect(await ask(other)).toMatchObject({ code: 'too-many-requests', retryAfterMs: 50 })
    expect(await ask(one)).toMatchObject({ code: 'too-many-requests', retryAfterMs: 50 })
    expect(await get(at, bearer(laptop))).toMatchObject({ status: 429, retryAfter: '1' })
    expect(await (await line(at, bearer(await at.tokenOf('ben')))).peer.then(ask)).toBe('ben')
    await at.clock.pass(50)
    expect(await ask(other)).toBe('ana')
  })

  test('is told in the header that waits for it, too, when nothing good is shown', async () => {
    const at = await peopleDoor()
    for (let n = 0; n < 20; n++) expect(await get(at, bearer(`fmt_${n}`))).toMatchObject({ status: 401 })
    const shut = await get(at, bearer('fmt_'))
    expect([shut.status, shut.retryAfter, shut.body.includes('too-many-attempts')]).toEqual([429, '5', true])
    expect((await line(at, bearer('fmt_'))).status).toBe(429)
    expect((await line(at, bearer(await at.tokenOf('ana')))).status).toBe(101)
    expect(at.refused.slice(0, 1)).toEqual(['/api/who not-signed-in'])
  })
})

test('eight requests of one name are answered at once, and those of others beside them', async () => {
  const at = await peopleDoor()
  const ana = bearer(await at.tokenOf('ana'))
  const waiting = Array.from({ length: 8 }, () => request({ ...reached(at), path: `${API_PATH}/wait`, headers: ana }))
  for (const each of waiting) each.on('error', () => undefined).end()
  await expect.poll(() => get(at, ana)).toMatchObject({ status: 429 })
  expect((await get(at, ana)).body).toContain('too-many-requests')
  expect(await get(at, bearer(await at.tokenOf('ben')))).toMatchObject({ status: 200 })
  for (const each of waiting) each.destroy()
  await expect.poll(() => get(at, ana)).toMatchObject({ status: 200 })
})

describe('a line', () => {
  test('is cut at the end of its token, in the middle of what it follows', async () => {
    const at = await peopleDoor()
    const peer = await (await line(at, bearer(await at.tokenOf('ana', 'operator', 60_000)))).peer
    expect(await ask(peer)).toBe('ana')
    await at.clock.pass(59_999)
    expect(peer.open).toBe(true)
    await at.clock.pass(1)
    expect(await peer.ended).toMatchObject({ by: 'them', problem: { code: 'api-token-over' } })
  })

  test.each([
    { from: 'https://evil.example', status: 403 },
    { from: 'null', status: 403 },
    { from: 'https://ours.example.evil.example', status: 403 },
    { from: 'https://ours.example', status: 101 },
  ])('that a page of $from opens gets $status', async ({ from, status }) => {
    const at = await peopleDoor()
    const secret = await at.tokenOf('ana')
    const session = must(await at.people.openSession(must(await at.people.signIn(secret))))
    const cookie = `theme=dark; __Host-fleetmend=${session.secret}`
    expect((await line(at, { cookie, origin: from })).status).toBe(status)
    expect((await line(at, { ...bearer(secret), origin: from })).status).toBe(status)
  })

  test('that brings a cookie and does not say which page opened it is not taken', async () => {
    const at = await peopleDoor()
    const session = must(await at.people.openSession(must(await at.people.signIn(await at.tokenOf('ana')))))
    expect((await line(at, { cookie: `__Host-fleetmend=${session.secret}` })).status).toBe(403)
  })

  test('that ends lets go of what it followed', async () => {
    const at = await peopleDoor()
    const peer = await (await line(at, bearer(await at.tokenOf('ana')))).peer
    const said: unknown[] = []
    peer.subscription('hang', undefined, {
      onData: (each) => said.push(each),
    })
    expect(await ask(peer)).toBe('ana')
    peer.close()
    await quiet()
    expect([said, at.refused]).toEqual([['here'], []])
  })
})

describe('the port', () => {
  test('takes no message that is too big, and others on it notice nothing', async () => {
    const at = await peopleDoor()
    const token = await at.tokenOf('ana')
    const other = await (await line(at, bearer(token))).peer
    const ws = new WebSocket(`wss://127.0.0.1:${at.port}${API_PATH}`, { ca: at.ca, headers: bearer(token) })
    await once(ws, 'open')
    ws.send('x'.repeat(1024 * 1024 + 1))
    const [code] = (await once(ws, 'close')) as [number]
    // Message Too Big (RFC 6455 section 7.4.1).
    expect([code, await ask(other)]).toEqual([1009, 'ana'])
  })

  test('follows sixteen things for a line, and answers questions beside them', async () => {
    const at = await peopleDoor()
    const peer = await (await line(at, bearer(await at.tokenOf('ana')))).peer
    const said: string[] = []
    for (let n = 0; n < 17; n++)
      peer.subscription('hang', undefined, {
        onData: () => said.push('here'),
        onError: (error) => said.push(problemOf(error).detail),
      })
    expect(await ask(peer)).toBe('ana')
    expect(said.toSorted()).toEqual(['Cannot start: 16 subscriptions are running already.', ...Array(16).fill('here')])
  })

  test('speaks TLS 1.3 and nothing older, with a certificate of the fleet', async () => {
    const at = await peopleDoor()
    const tls = connect({ host: '127.0.0.1', port: at.port, ca: at.ca })
    await once(tls, 'secureConnect')
    expect([tls.authorized, tls.getProtocol()]).toEqual([true, 'TLSv1.3'])
    tls.destroy()
    const old = connect({ host: '127.0.0.1', port: at.port, ca: at.ca, maxVersion: 'TLSv1.2' })
    const [error] = (await once(old, 'error')) as [Error]
    expect(error.message).toMatch(/protocol version/i)
  })
})
