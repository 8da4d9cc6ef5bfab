/** What holds of a connection whichever driver has made it. */
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import type { SshTarget } from '../ssh-target.ts'
import { hostWithKey, limits, never, peer, problemOf, said, started, valueOf } from './loopback-host.ts'
import { keyIn, loopbackSshd, loopbackTarget } from './loopback-sshd.ts'
import { ssh2Driver } from './ssh2-driver.ts'
import { systemSshDriver } from './system-ssh-driver.ts'

describe.each([
  { over: 'ssh2', driver: ssh2Driver({ askPassphrase: null }), killedBy: 'SIGKILL' },
  // A master tells nobody by which signal a program was killed.
  { over: "the system's ssh", driver: systemSshDriver({ configFiles: [] }), killedBy: null },
])('over $over', ({ driver, killedBy }) => {
  const connectTo = (target: SshTarget) => driver.connect(target, never)
  const connected = async (target: SshTarget) => valueOf(await connectTo(target))

  test.each([
    { what: 'not known', knownHosts: () => '', unknownHost: 'refuse' as const, code: 'ssh-host-unknown' },
    {
      what: 'another, also where new hosts are accepted,',
      knownHosts: (port: number, other: string) => `[127.0.0.1]:${port} ${other}\n`,
      unknownHost: 'accept-new' as const,
      code: 'ssh-host-changed',
    },
    {
      what: 'revoked, also where new hosts are accepted,',
      knownHosts: (_port: number, _other: string, own: string) => `@revoked * ${own}\n`,
      unknownHost: 'accept-new' as const,
      code: 'ssh-host-revoked',
    },
  ])('a host whose key is $what is told nothing', async ({ knownHosts, unknownHost, code }) => {
    const { target, folder, sshd, hostKey } = await hostWithKey()
    const other = keyIn(folder, 'other').publicKey
    writeFileSync(target.knownHostsFiles[0]!, knownHosts(target.port, other, hostKey.publicKey))
    expect(problemOf(await connectTo({ ...target, unknownHost })).code).toBe(code)
    expect(sshd.tries).toEqual([])
  })

  test('where new hosts are accepted the key is written down, and holds from then on', async () => {
    const { target, hostKey } = await hostWithKey()
    writeFileSync(target.knownHostsFiles[0]!, '')
    await (await connected({ ...target, unknownHost: 'accept-new' }))[Symbol.asyncDispose]()
    const [type, blob] = hostKey.publicKey.split(' ')
    expect(readFileSync(target.knownHostsFiles[0]!, 'utf8')).toContain(`[127.0.0.1]:${target.port} ${type} ${blob}`)
    await using _ = await connected(target)
  })

  test('a key that is not let in, nothing that listens and a name without an address are told apart', async () => {
    const { target, folder } = await hostWithKey()
    const stray = keyIn(folder, 'stray')
    expect(problemOf(await connectTo({ ...target, identityFiles: [stray.file] })).code).toBe('ssh-refused')
    expect(problemOf(await connectTo({ ...target, port: 1 })).code).toBe('ssh-unreachable')
    expect(problemOf(await connectTo({ ...target, hostName: 'no-such.invalid' })).code).toBe('ssh-name-unresolved')
  })

  test('through a jump host the target is its own: both keys are verified, and both logins are by key', async () => {
    const { target: near, folder, hostKey, key, sshd: jumpSshd } = await hostWithKey()
    const jump = { ...near, alias: 'jump', written: { user: null, host: 'jump', port: null } }
    const farKey = keyIn(folder, 'far')
    const far = await loopbackSshd({ hostKeyFile: farKey.file, authorized: [key.publicKey] })
    const target = loopbackTarget(folder, far.port, farKey, { identityFiles: [key.file], jumps: [jump] })
    {
      await using connection = await connected(target)
      expect(await said(connection, 'echo through')).toBe('through\n')
    }
    expect(jumpSshd.connections()).toBe(1)
    writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${far.port} ${hostKey.publicKey}\n`)
    expect(problemOf(await connectTo(target)).code).toBe('ssh-host-changed')
    writeFileSync(jump.knownHostsFiles[0]!, '')
    expect(problemOf(await connectTo(target)).code).toBe('ssh-host-unknown')
    expect(far.connections()).toBe(2)
  })

  test('a program runs to its end, and says how it ended', async () => {
    const { target } = await hostWithKey()
    await using connection = await connected(target)
    // 255 is how ssh itself ends when something is wrong with the connection (ssh(1), EXIT STATUS).
    const ran = await runCommand(connection, 'cat; echo oh >&2; exit 255', { ...limits, input: Buffer.from('in') })
    expect(ran).toEqual({
      ok: true,
      value: { code: 255, signal: null, stdout: Buffer.from('in'), stderr: Buffer.from('oh\n') },
    })
    const killed = await runCommand(connection, 'kill -KILL $$', limits)
    expect(killed).toMatchObject({ ok: true, value: { code: null, signal: killedBy } })
  })

  test('more programs at once than the host allows wait for their turn', async () => {
    const { target, sshd } = await hostWithKey({ maxSessions: 3 })
    await using connection = await connected(target)
    const all = await Promise.all(Array.from({ length: 12 }, (_, at) => said(connection, `sleep 0.02; echo ${at}`)))
    expect(all).toEqual(Array.from({ length: 12 }, (_, at) => `${at}\n`))
    expect(sshd.connections()).toBe(1)
  })

  test('a host that starts nothing at all says so, and no second connection is made', async () => {
    const { target, sshd } = await hostWithKey({ maxSessions: 0 })
    await using connection = await connected(target)
    expect(await connection.start('true')).toMatchObject({ ok: false, problem: { code: 'ssh-no-session' } })
    expect(sshd.connections()).toBe(1)
  })

  test('megabytes go both ways and come back as they were, also to a reader who is slow', async () => {
    const { target } = await hostWithKey()
    await using connection = await connected(target)
    const sent = randomBytes(8 * 1024 * 1024)
    const { stdio, exited } = await started(connection, 'cat')
    // Nobody reads yet: what a line holds is bounded, so writing stops.
    expect(stdio.write(sent)).toBe(false)
    stdio.end()
    await wait(200)
    expect(stdio.readableLength).toBeLessThan(4 * 1024 * 1024)
    const back: Buffer[] = []
    for await (const chunk of stdio) back.push(chunk as Buffer)
    expect(Buffer.concat(back).equals(sent)).toBe(true)
    expect(await exited).toEqual({ code: 0, signal: null, problem: null })
  })

  test('a line that is cut ends every program with the problem, and no cut answer looks whole', async () => {
    const { target, sshd } = await hostWithKey()
    await using connection = await connected(target)
    const [talking, reading] = await Promise.all([
      started(connection, 'echo half; sleep 60'),
      started(connection, 'cat'),
    ])
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

  test('a program is ended by its signal, and the connection stays', async () => {
    const { target } = await hostWithKey()
    await using connection = await connected(target)
    const abort = new AbortController()
    const { exited } = await started(connection, 'sleep 60', abort.signal)
    abort.abort(new Error('no longer wanted'))
    expect(await exited).toMatchObject({ code: null, problem: null })
    expect(await said(connection, 'echo still here')).toBe('still here\n')
  })

  test('limits of time and of bytes end a program, each with its problem', async () => {
    const { target } = await hostWithKey()
    await using connection = await connected(target)
    const slow = await runCommand(connection, 'sleep 60', { limitMs: 100, limitBytes: 10 })
    expect(slow).toMatchObject({ ok: false, problem: { code: 'timed-out' } })
    const chatty = await runCommand(connection, 'yes', { limitMs: 15_000, limitBytes: 1000 })
    expect(chatty).toMatchObject({ ok: false, problem: { code: 'ssh-answer-too-long' } })
  })

  test('whoever aborts a connection in the making gets their reason', async () => {
    const { target } = await hostWithKey()
    const { port } = await peer(() => {})
    const abort = new AbortController()
    const connecting = driver.connect({ ...target, port }, abort.signal)
    setTimeout(() => abort.abort(new Error('enough')), 20)
    await expect(connecting).rejects.toThrow('enough')
  })
})
