import { spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import type { SshTarget } from '../ssh-target.ts'
import { hostWithKey, limits, never, problemOf, said, started, valueOf } from './loopback-host.ts'
import { keyIn, loopbackSshd, loopbackTarget } from './loopback-sshd.ts'
import { systemSshDriver, type SystemSshOptions } from './system-ssh-driver.ts'

test('a program runs to its end, with its own exit told apart from that of ssh', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const ran = await runCommand(connection, 'cat; echo oh >&2; exit 255', { ...limits, input: Buffer.from('in') })
  expect(ran).toEqual({
    ok: true,
    value: { code: 255, signal: null, stdout: Buffer.from('in'), stderr: Buffer.from('oh\n') },
  })
  expect(await runCommand(connection, 'kill -KILL $$', limits)).toMatchObject({ ok: true, value: { code: null } })
})

test.each([
  { what: 'not known', knownHosts: () => '', code: 'ssh-host-unknown' },
  {
    what: 'another',
    knownHosts: (port: number, other: string) => `[127.0.0.1]:${port} ${other}\n`,
    code: 'ssh-host-changed',
  },
  {
    what: 'revoked',
    knownHosts: (_port: number, _other: string, own: string) => `@revoked * ${own}\n`,
    code: 'ssh-host-revoked',
  },
])('a host whose key is $what is told nothing', async ({ knownHosts, code }) => {
  const { target, folder, sshd, hostKey } = await hostWithKey()
  const other = keyIn(folder, 'other').publicKey
  writeFileSync(target.knownHostsFiles[0]!, knownHosts(target.port, other, hostKey.publicKey))
  expect(problemOf(await connectTo(target)).code).toBe(code)
  expect(sshd.tries).toEqual([])
})

test('where new hosts are accepted the key is written down', async () => {
  const { target, hostKey } = await hostWithKey()
  writeFileSync(target.knownHostsFiles[0]!, '')
  await using _ = await connected({ ...target, unknownHost: 'accept-new' })
  expect(readFileSync(target.knownHostsFiles[0]!, 'utf8')).toContain(hostKey.publicKey.split(' ')[1])
})

test('a key that is not let in, nothing that listens, no address and no program are told apart', async () => {
  const { target, folder } = await hostWithKey()
  const stray = keyIn(folder, 'stray')
  const refused = problemOf(await connectTo({ ...target, identityFiles: [stray.file] }))
  expect(refused).toMatchObject({
    code: 'ssh-refused',
    detail: expect.stringContaining('Permission denied (publickey)'),
  })
  expect(problemOf(await connectTo({ ...target, port: 1 })).code).toBe('ssh-unreachable')
  expect(problemOf(await connectTo({ ...target, hostName: 'no-such.invalid' })).code).toBe('ssh-name-unresolved')
  expect(problemOf(await connectTo(target, { program: join(folder, 'ssh') })).code).toBe('ssh-no-program')
})

test('a configuration that ssh cannot read is shown with its own words, made harmless', async () => {
  const { target, folder } = await hostWithKey()
  writeFileSync(join(folder, 'config'), 'Bad\u001B[31mWord yes\n')
  const failed = problemOf(await connectTo(target, { configFiles: [join(folder, 'config')] }))
  expect(failed.code).toBe('ssh-failed')
  expect(failed.detail).toContain('line 1: Bad configuration option: bad')
  expect(failed.detail).not.toContain('\u001B')
})

test("the person's configuration holds, except for what would ask them or run something here", async () => {
  const { target, folder, key } = await hostWithKey()
  const made = join(folder, 'made')
  const config = [
    'Host web-1',
    `  HostName ${target.hostName}`,
    `  Port ${target.port}`,
    `  IdentityFile ${key.file}`,
    `  UserKnownHostsFile ${target.knownHostsFiles[0]}`,
    '  PermitLocalCommand yes',
    `  LocalCommand touch ${made}`,
    '  RemoteCommand echo something else',
    '  RequestTTY force',
    '  BatchMode no',
  ]
  writeFileSync(join(folder, 'config'), `${config.join('\n')}\n`)
  const onlyWritten = {
    ...target,
    hostName: 'web-1',
    port: 22,
    identityFiles: [],
    knownHostsFiles: [],
    beyondSsh2: ['Match exec'],
  }
  await using connection = await connected(onlyWritten, { configFiles: [join(folder, 'config')] })
  expect(await said(connection, 'echo hello')).toBe('hello\n')
  expect(spawnSync('test', ['-e', made]).status).toBe(1)
})

test('through a jump host the target is its own: both keys are verified, and both logins are by key', async () => {
  const { target: jump, folder, hostKey, key, sshd: jumpSshd } = await hostWithKey()
  const farKey = keyIn(folder, 'far')
  const far = await loopbackSshd({ hostKeyFile: farKey.file, authorized: [key.publicKey] })
  const onTheWay = { ...jump, alias: 'jump', written: { user: null, host: 'jump', port: null } }
  const target = loopbackTarget(folder, far.port, farKey, { identityFiles: [key.file], jumps: [onTheWay] })
  {
    await using connection = await connected(target)
    expect(await said(connection, 'echo through')).toBe('through\n')
  }
  expect(jumpSshd.connections()).toBe(1)
  writeFileSync(target.knownHostsFiles[0]!, `[127.0.0.1]:${far.port} ${hostKey.publicKey}\n`)
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-changed')
  writeFileSync(jump.knownHostsFiles[0]!, '')
  expect(problemOf(await connectTo(target)).code).toBe('ssh-host-unknown')
})

test('more programs at once than the host allows wait for their turn', async () => {
  const { target, sshd } = await hostWithKey({ maxSessions: 3 })
  await using connection = await connected(target)
  const all = await Promise.all(Array.from({ length: 12 }, (_, at) => said(connection, `echo ${at}`)))
  expect(all).toEqual(Array.from({ length: 12 }, (_, at) => `${at}\n`))
  expect(sshd.connections()).toBe(1)
})

test('a host that starts nothing at all says so, and no second connection is made', async () => {
  const { target, sshd } = await hostWithKey({ maxSessions: 0 })
  await using connection = await connected(target)
  expect(await connection.start('true')).toMatchObject({ ok: false, problem: { code: 'ssh-no-session' } })
  expect(sshd.connections()).toBe(1)
})

test('megabytes go both ways and come back as they were', async () => {
  const { target } = await hostWithKey()
  await using connection = await connected(target)
  const sent = randomBytes(8 * 1024 * 1024)
  const ran = await runCommand(connection, 'cat', { ...limits, input: sent })
  expect(ran.ok && ran.value.stdout.equals(sent)).toBe(true)
})

test('a line that is cut ends every program with the problem, and no cut answer looks whole', async () => {
  const { target, sshd } = await hostWithKey()
  await using connection = await connected(target)
  const { stdio, exited } = await started(connection, 'echo half; sleep 60')
  await once(stdio, 'data')
  const failed = once(stdio, 'error')
  sshd.cut()
  expect(((await failed)[0] as Error).message).toContain('broke')
  expect(await exited).toMatchObject({ code: null, problem: { code: 'ssh-broken' } })
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

function connectTo(target: SshTarget, options: SystemSshOptions = {}) {
  return systemSshDriver({ configFiles: [], ...options }).connect(target, never)
}

async function connected(target: SshTarget, options?: SystemSshOptions) {
  return valueOf(await connectTo(target, options))
}
