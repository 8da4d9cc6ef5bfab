import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo, type Socket } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import type { SshTarget } from '../ssh-target.ts'
import { hostWithKey, limits, never, problemOf, said, started, valueOf } from './loopback-host.ts'
import { droppedAddress, keyIn, loopbackSshd, loopbackTarget } from './loopback-sshd.ts'
import { ssh2Driver } from './ssh2-driver.ts'

test('a host that is not in known_hosts is told nothing', async () => {
  const { target, sshd } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, '')
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-unknown')
  expect(sshd.tries).toEqual([])
})

test('where new hosts are accepted the key is written down, and holds from then on', async () => {
  const { target } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, '')
  await (await connected({ ...target, unknownHost: 'accept-new' }))[Symbol.asyncDispose]()
  await using _ = await connected(target)
  expect(readFileSync(target.knownHostsFiles[0]!, 'utf8')).toContain(`[127.0.0.1]:${target.port} ssh-ed25519 `)
})

test('another key than the known one is refused, also where new hosts are accepted', async () => {
  const { target, folder, sshd } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${target.port} ${keyIn(folder, 'before').publicKey}\n`)
  const refused = problemOf(await connectTo({ ...target, unknownHost: 'accept-new' }))
  expect(refused.code).toBe('ssh-host-changed')
  expect(refused.detail).toContain(`${target.knownHostsFiles[0]} line 1`)
  expect(sshd.tries).toEqual([])
})

test('a host that no longer has a key of a known type has changed', async () => {
  const { target, folder } = await hostWithKey()
  const before = keyIn(folder, 'before', '-t', 'ecdsa')
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${target.port} ${before.publicKey}\n`)
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-changed')
})

test('a revoked key is refused', async () => {
  const { target, hostKey } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, `@revoked * ${hostKey.publicKey}\n`)
  expect(problemOf(await connectTo({ ...target, unknownHost: 'accept-new' })).code).toBe('ssh-host-revoked')
})

test('a host with no key exchange in common is sent to the ssh program', async () => {
  const { target } = await hostWithKey({ algorithms: { kex: ['diffie-hellman-group14-sha1'] } })
  const refused = problemOf(await connectTo(target))
  expect(refused).toMatchObject({ code: 'ssh-needs-system-ssh', detail: expect.stringContaining('key exchange') })
})

test('a target that needs more than ssh2 has is sent to the ssh program, with no line made', async () => {
  const { target, sshd } = await hostWithKey()
  const refused = problemOf(await connectTo({ ...target, beyondSsh2: ['CertificateFile'] }))
  expect(refused).toMatchObject({ code: 'ssh-needs-system-ssh', detail: expect.stringContaining('CertificateFile') })
  expect(sshd.connections()).toBe(0)
})

test('nothing that listens, and a name without an address, are told apart', async () => {
  const { target } = await hostWithKey()
  const { port } = await peer(() => {})
  const closed = await connectTo({ ...target, port: port + 1 > 65_535 ? 1 : await freePort() })
  expect(problemOf(closed)).toMatchObject({ code: 'ssh-unreachable', detail: expect.stringContaining('sshd runs') })
  const unresolved = await connectTo({ ...target, hostName: 'no-such-host.invalid' })
  expect(problemOf(unresolved).code).toBe('ssh-name-unresolved')
})

test.each<{ what: string; code: string; speak: (socket: Socket) => void }>([
  { what: 'says nothing', code: 'ssh-unreachable', speak: () => {} },
  { what: 'hangs up at once', code: 'ssh-unreachable', speak: (socket) => void socket.end() },
  {
    what: 'never stops greeting',
    code: 'ssh-unreachable',
    speak: (socket) => void setInterval(() => socket.write('Hi.\r\n'), 20).unref(),
  },
  { what: 'greets on one line for ever', code: 'ssh-not-spoken', speak: forever('welcome '.repeat(1000)) },
  {
    what: 'is a web server',
    code: 'ssh-unreachable',
    speak: (socket) => void socket.end('HTTP/1.1 400 Bad Request\r\n\r\n'),
  },
  { what: 'speaks SSH 1', code: 'ssh-not-spoken', speak: (socket) => void socket.write('SSH-1.5-old\r\n') },
])('a peer that $what ends in a problem', async ({ code, speak }) => {
  const { target } = await hostWithKey()
  const { port } = await peer(speak)
  const refused = problemOf(await connectTo({ ...target, port, connectLimitMs: 500 }))
  expect(refused.code).toBe(code)
})

test('through a jump host the target is its own: both keys are verified', async () => {
  const { target: jump, folder, hostKey, key, sshd: jumpSshd } = await hostWithKey()
  const farKey = keyIn(folder, 'far')
  const far = await loopbackSshd({ hostKeyFile: farKey.file, authorized: [key.publicKey] })
  const target = loopbackTarget(folder, far.port, farKey, {
    identityFiles: [key.file],
    jumps: [{ ...jump, alias: 'jump' }],
  })
  {
    await using connection = await connected(target)
    expect(await said(connection, 'echo through')).toBe('through\n')
  }
  expect(jumpSshd.connections()).toBe(1)
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${far.port} ${hostKey.publicKey}\n`)
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-changed')
  writeFileSync(jump.knownHostsFiles[0]!, '')
  const unknown = problemOf(await connectTo(target))
  expect(unknown).toMatchObject({ code: 'ssh-host-unknown', detail: expect.stringMatching(/at the jump host jump:/) })
  expect(far.connections()).toBe(2)
})

test('what is beyond a jump host is waited for no longer than the target says', async () => {
  const { target: jump } = await hostWithKey()
  const nowhere = { ...jump, hostName: droppedAddress, jumps: [jump], connectLimitMs: 300 }
  const expired = problemOf(await connectTo(nowhere))
  expect(expired).toMatchObject({
    code: 'ssh-unreachable',
    detail: expect.stringContaining('nothing happened within 0.3 s'),
  })
  const abort = new AbortController()
  const connecting = ssh2Driver({ askPassphrase: null }).connect({ ...nowhere, connectLimitMs: 10_000 }, abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 300)
  await expect(connecting).rejects.toThrow('enough')
})

test('more programs at once than the host allows wait for their turn', async () => {
  const { target } = await hostWithKey({ maxSessions: 3 })
  await using connection = await connected(target)
  const all = await Promise.all(Array.from({ length: 20 }, (_, at) => said(connection, `sleep 0.02; echo ${at}`)))
  expect(all).toEqual(Array.from({ length: 20 }, (_, at) => `${at}\n`))
})

test('a host that starts nothing at all says so', async () => {
  const { target } = await hostWithKey({ maxSessions: 0 })
  await using connection = await connected(target)
  expect(await connection.start('true')).toMatchObject({ ok: false, problem: { code: 'ssh-no-session' } })
})

test('megabytes go both ways and come back as they were, also to a reader who is slow', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const sent = randomBytes(8 * 1024 * 1024)
  const { stdio, exited } = await started(connection, 'cat')
  // Nobody reads yet: what a line holds is bounded, so writing stops.
  expect(stdio.write(sent)).toBe(false)
  stdio.end()
  await new Promise((resolve) => setTimeout(resolve, 200))
  expect(stdio.readableLength).toBeLessThan(4 * 1024 * 1024)
  const back: Buffer[] = []
  for await (const chunk of stdio) back.push(chunk as Buffer)
  expect(Buffer.concat(back).equals(sent)).toBe(true)
  expect(await exited).toEqual({ code: 0, signal: null, problem: null })
})

test('a program that is killed says by which signal', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const ran = await runCommand(connection, 'kill -KILL $$', limits)
  expect(ran).toMatchObject({ ok: true, value: { code: null, signal: 'SIGKILL' } })
})

test('a line that is cut ends every program with the problem, and no cut answer looks whole', async () => {
  const { target, sshd } = await hostWithKey()
  await using connection = await connected(target)
  const [talking, reading] = await Promise.all([started(connection, 'echo half; sleep 60'), started(connection, 'cat')])
  await once(talking.stdio, 'data')
  const waiting = runCommand(connection, 'sleep 60', limits)
  const failed = [talking, reading].map((each) => once(each.stdio, 'error'))
  sshd.cut()
  for (const [error] of await Promise.all(failed)) expect((error as Error).message).toContain('broke')
  for (const each of [talking, reading])
    expect(await each.exited).toMatchObject({ code: null, problem: { code: 'ssh-broken' } })
  expect(await waiting).toMatchObject({ ok: false, problem: { code: 'ssh-broken' } })
  expect(await connection.ended).toMatchObject({ code: 'ssh-broken' })
  expect(await connection.start('true')).toMatchObject({ ok: false, problem: { code: 'ssh-broken' } })
})

test('a line that is half open is noticed', async () => {
  const { target, sshd } = await hostWithKey()
  await using connection = await connected(target, 20)
  sshd.freeze()
  expect(await connection.ended).toMatchObject({ code: 'ssh-broken' })
})

test('a program is ended by its signal, and the connection stays', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const abort = new AbortController()
  const { exited } = await started(connection, 'sleep 60', abort.signal)
  abort.abort(new Error('no longer wanted'))
  expect(await exited).toMatchObject({ code: null, problem: null })
  expect(await said(connection, 'echo still here')).toBe('still here\n')
})

test('whoever aborts a connection in the making gets their reason', async () => {
  const { target } = await hostWithKey()
  const { port } = await peer(() => {})
  const abort = new AbortController()
  const connecting = ssh2Driver({ askPassphrase: null }).connect({ ...target, port }, abort.signal)
  setTimeout(() => abort.abort(new Error('enough')), 20)
  await expect(connecting).rejects.toThrow('enough')
})

test('limits of time and of bytes end a program, each with its problem', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const slow = await runCommand(connection, 'sleep 60', { limitMs: 100, limitBytes: 10 })
  expect(slow).toMatchObject({ ok: false, problem: { code: 'timed-out' } })
  const chatty = await runCommand(connection, 'yes', { limitMs: 15_000, limitBytes: 1000 })
  expect(chatty).toMatchObject({ ok: false, problem: { code: 'ssh-answer-too-long' } })
})

function connectTo(target: SshTarget, keepaliveMs = 10_000) {
  return ssh2Driver({ askPassphrase: null, keepaliveMs }).connect(target, never)
}

async function connected(target: SshTarget, keepaliveMs?: number) {
  return valueOf(await connectTo(target, keepaliveMs))
}

/** Something that is not sshd. */
async function peer(speak: (socket: Socket) => void): Promise<{ readonly port: number }> {
  const sockets = new Set<Socket>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => {}).resume()
    speak(socket)
  }).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await once(server, 'listening')
  return { port: (server.address() as AddressInfo).port }
}

/** A port of this machine where nothing listens. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  server.close()
  await once(server, 'close')
  return port
}

function forever(text: string): (socket: Socket) => void {
  return (socket) => {
    const more = (): void => {
      while (!socket.destroyed && socket.write(text));
    }
    socket.on('drain', more)
    more()
  }
}
