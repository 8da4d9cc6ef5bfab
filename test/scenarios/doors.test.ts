/** Everything that can be reached from outside, knocked on by those who should not: the agents' port, and the sockets. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { setTimeout as sleep } from 'node:timers/promises'
import { AGENT_PATH, ENROL_PATH, Peer, problemOf, streamChannel, type ProblemCode } from '@fleetmend/shared'
import { initTRPC } from '@trpc/server'
import { describe, expect, test } from 'vitest'
import { openLine, type LineOpened } from '../../packages/agent/src/serve/controller-line.ts'
import { readIdentity, type Identity } from '../../packages/agent/src/state/identity.ts'
import { throwAwayAuthority } from '../../packages/agent/test/throw-away-authority.ts'
import { openWorld, type Member, type World } from './world.ts'

function identityOf({ state }: Member): Identity {
  const read = readIdentity(state)
  if (!read.ok || !read.value) throw new Error('The host is not enrolled.')
  return read.value
}

function dial(world: World, path: string, { authority, ...client }: Pick<Identity, 'authority'> & Partial<Identity>) {
  const { key, certificate } = client
  const shown = key === undefined || certificate === undefined ? {} : { client: { key, certificate } }
  return openLine({ url: new URL(path, world.agentsUrl()).href, authority, ...shown }, { router: silent })
}

const t = initTRPC.create()
/** A host that takes its time to say who it is, and so stays connected meanwhile. */
const silent = t.router({ hello: t.procedure.query(() => new Promise(() => undefined)) })

const isTurnedAway = (code: ProblemCode) => ({ kind: 'turned-away', problem: { code } })

async function isConnected(world: World, id: string): Promise<boolean> {
  return (await world.api().hosts.list.query({ hosts: [id] }))[0]?.connected === true
}

describe('the port for agents', () => {
  test('without a certificate nobody is a host', async () => {
    await using world = await openWorld()
    const { authority } = identityOf(await world.add('web-1'))
    expect(await dial(world, AGENT_PATH, { authority })).toMatchObject(isTurnedAway('no-certificate'))
  })

  test('a certificate of another authority is none, though it names a host of the fleet', async () => {
    await using world = await openWorld()
    const { authority, key } = identityOf(await world.add('web-1'))
    const forger = await throwAwayAuthority()
    const certificate = await forger.client('web-1', createPublicKey(createPrivateKey(key)))
    const line = await dial(world, AGENT_PATH, { authority, key, certificate })
    expect(line).toMatchObject(isTurnedAway('foreign-certificate'))
  })

  test('a host that was removed is cut off and not let in again, and its certificate does not bring it back', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    const identity = identityOf(host)
    expect(await isConnected(world, 'web-1')).toBe(true)
    await world.api().hosts.remove.mutate({ host: 'web-1' })
    expect(await world.api().hosts.list.query({})).toEqual([])
    expect(await dial(world, AGENT_PATH, identity)).toMatchObject(isTurnedAway('host-removed'))
  })

  test('the newest connection of a host is the one that counts', async () => {
    await using world = await openWorld()
    const host = await world.add('web-1')
    const first = identityOf(host)
    const line = await dial(world, AGENT_PATH, first)
    if (line.kind !== 'open') throw new Error(JSON.stringify(line))
    // It does not say who it is, so it never takes the place of the one that does.
    await sleep(100)
    expect(await isConnected(world, 'web-1')).toBe(true)
    line.peer.close()
    expect(await isConnected(world, 'web-1')).toBe(true)
  })

  test.each(['enrol', 'runs.list', 'hosts.invite'])('a host of the fleet cannot call %s', async (path) => {
    await using world = await openWorld()
    const line = await dial(world, AGENT_PATH, identityOf(await world.add('web-1')))
    expect(await call(line, path)).toMatchObject({ detail: expect.stringContaining(path) as string })
  })

  test('a host of the fleet gets a new certificate, for the key that it has', async () => {
    await using world = await openWorld()
    const identity = identityOf(await world.add('web-1'))
    const line = await dial(world, AGENT_PATH, identity)
    const answer = await call(line, 'renew')
    const { certificate } = answer as { readonly certificate: string }
    expect(new X509Certificate(certificate).checkPrivateKey(createPrivateKey(identity.key))).toBe(true)
  })

  test.each(['runs.list', 'renew', 'hello'])('a newcomer cannot call %s', async (path) => {
    await using world = await openWorld()
    const { authority } = identityOf(await world.add('web-1'))
    const line = await dial(world, ENROL_PATH, { authority })
    expect(await call(line, path)).toMatchObject({ detail: expect.stringContaining(path) as string })
  })

  test('nothing older than TLS 1.3 is spoken', async () => {
    await using world = await openWorld()
    const { authority } = identityOf(await world.add('web-1'))
    const port = Number(new URL(world.agentsUrl()).port)
    const old = connectTls({ port, host: '127.0.0.1', ca: authority, maxVersion: 'TLSv1.2' })
    const [error] = (await once(old, 'error')) as [Error]
    expect(error.message).toMatch(/alert protocol version/)
  })

  test('who does not speak TLS is hung up on, and hosts notice nothing', async () => {
    await using world = await openWorld()
    await world.add('web-1')
    const port = Number(new URL(world.agentsUrl()).port)
    await hungUp(connect(port, '127.0.0.1'), 'GET / HTTP/1.1\r\n\r\n')
    expect(await isConnected(world, 'web-1')).toBe(true)
  })
})

describe.each(['controller.sock', 'web-1/agent.sock'])('the socket %s', (name) => {
  test.each([
    { what: 'no frame at all', bytes: Buffer.from('GET / HTTP/1.1\r\n\r\n') },
    { what: 'a frame that is no JSON', bytes: frame('{"id":') },
    { what: 'a frame of the wrong shape', bytes: frame('[1,2,3]') },
    { what: 'a frame that is too big', bytes: Buffer.from([0x7f, 0xff, 0xff, 0xff]) },
  ])('$what: that caller is hung up on, the others are answered', async ({ bytes }) => {
    await using world = await openWorld()
    await world.add('web-1')
    const path = join(world.folder, name)
    await hungUp(connect(path), bytes)
    const peer = new Peer(streamChannel(connect(path)))
    expect(await peer.query('hello')).toBeTypeOf('object')
    peer.close()
  })
})

async function call(line: LineOpened, path: string): Promise<unknown> {
  if (line.kind !== 'open') throw new Error(JSON.stringify(line))
  try {
    return await line.peer.mutation(path).catch((error: unknown) => problemOf(error))
  } finally {
    line.peer.close()
  }
}

async function hungUp(socket: Socket, bytes: string | Buffer): Promise<void> {
  socket.on('error', () => undefined)
  socket.resume()
  socket.write(bytes)
  await once(socket, 'close')
}

function frame(text: string): Buffer {
  const body = Buffer.from(text)
  const head = Buffer.alloc(4)
  head.writeUInt32BE(body.length)
  return Buffer.concat([head, body])
}
