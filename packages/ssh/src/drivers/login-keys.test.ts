import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { runCommand } from '../run-command.ts'
import type { SshTarget } from '../ssh-target.ts'
import type { AskPassphrase } from './login-keys.ts'
import { hostWithKey, limits, never, problemOf, valueOf } from './loopback-host.ts'
import { keyIn, loopbackSshd, loopbackTarget, testFolder, type KeyFiles } from './loopback-sshd.ts'
import { ssh2Driver } from './ssh2-driver.ts'

test.each([
  { kind: 'ed25519', options: ['-t', 'ed25519'] },
  { kind: 'ECDSA', options: ['-t', 'ecdsa', '-b', '384'] },
  { kind: 'RSA', options: ['-t', 'rsa', '-b', '2048'] },
])('a key file of $kind lets in, and a program runs to its end', async ({ options }) => {
  const { target } = await hostWithKey({ keyOptions: options })
  await using connection = await connected(target)
  const ran = await runCommand(connection, 'cat; echo oh >&2; exit 3', { ...limits, input: Buffer.from('in') })
  expect(ran).toEqual({
    ok: true,
    value: { code: 3, signal: null, stdout: Buffer.from('in'), stderr: Buffer.from('oh\n') },
  })
})

test('keys of ssh-agent that the configuration names come first, and each key is offered once', async () => {
  const folder = testFolder()
  const [stray, named, right] = [keyIn(folder, 'stray'), keyIn(folder, 'named'), keyIn(folder, 'right')]
  const agentSocket = await agentWith(folder, stray, named)
  const hostKey = keyIn(folder, 'host')
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [right.publicKey] })
  const identityFiles = [named.file, right.file]
  await using _ = await connected(loopbackTarget(folder, sshd.port, hostKey, { agentSocket, identityFiles }))
  expect(sshd.tries).toEqual([named, stray].map(triedAs))
})

test('with IdentitiesOnly the agent offers nothing else', async () => {
  const folder = testFolder()
  const [stray, named] = [keyIn(folder, 'stray'), keyIn(folder, 'named')]
  const agentSocket = await agentWith(folder, stray, named)
  const hostKey = keyIn(folder, 'host')
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [] })
  const changes = { agentSocket, identityFiles: [named.file], identitiesOnly: true }
  const refused = await connectTo(loopbackTarget(folder, sshd.port, hostKey, changes))
  expect(problemOf(refused)).toMatchObject({
    code: 'ssh-refused',
    detail: expect.stringContaining('(ssh-agent, named)'),
  })
  expect(sshd.tries).toEqual([triedAs(named)])
})

test('the passphrase of a key is asked for only once the host takes it', async () => {
  const folder = testFolder()
  const other = keyIn(folder, 'other', '-N', 'never asked')
  const locked = keyIn(folder, 'locked', '-N', 'open sesame')
  const hostKey = keyIn(folder, 'host')
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [locked.publicKey] })
  const target = loopbackTarget(folder, sshd.port, hostKey, { identityFiles: [other.file, locked.file] })
  const asked: string[] = []
  await using _ = await connected(target, async (path) => (asked.push(path), 'open sesame'))
  expect(asked).toEqual([locked.file])
})

test.each([
  { who: 'nobody can be asked', ask: null },
  { who: 'the passphrase is another one', ask: async () => 'wrong' },
])('a locked key that the host would take is named where $who', async ({ ask }) => {
  const { target } = await hostWithKey({ keyOptions: ['-N', 'open sesame'] })
  const refused = problemOf(await connectTo(target, ask))
  expect(refused.code).toBe('ssh-key-locked')
  expect(refused.detail).toContain(target.identityFiles[0])
})

test('keys that are not known to the host are named when it refuses, with those that could not be offered', async () => {
  const folder = testFolder()
  const wrong = keyIn(folder, 'wrong')
  const hostKey = keyIn(folder, 'host')
  writeFileSync(join(folder, 'open'), readFileSync(wrong.file), { mode: 0o644 })
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [] })
  const identityFiles = [join(folder, 'open'), wrong.file, join(folder, 'none')]
  const refused = problemOf(await connectTo(loopbackTarget(folder, sshd.port, hostKey, { identityFiles })))
  expect(refused.code).toBe('ssh-refused')
  expect(refused.detail).toContain(wrong.file)
  expect(refused.detail).toContain(`chmod 600 ${join(folder, 'open')}`)
})

test('who has no key at all is told so', async () => {
  const folder = testFolder()
  const hostKey = keyIn(folder, 'host')
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [] })
  expect(problemOf(await connectTo(loopbackTarget(folder, sshd.port, hostKey))).code).toBe('ssh-no-key')
})

test('a password is never sent, and a host that takes nothing else is refused with that said', async () => {
  const { target, sshd } = await hostWithKey({ methods: ['password', 'keyboard-interactive'] })
  const refused = problemOf(await connectTo(target))
  expect(refused).toMatchObject({
    code: 'ssh-refused',
    detail: expect.stringContaining('password, keyboard-interactive'),
  })
  expect(sshd.tries).toEqual([])
})

test('an agent with more keys than the host tries is told about, with the keys that had no turn', async () => {
  const folder = testFolder()
  const keys = Array.from({ length: 5 }, (_, at) => keyIn(folder, `key${at}`))
  const hostKey = keyIn(folder, 'host')
  const sshd = await loopbackSshd({ hostKeyFile: hostKey.file, authorized: [], maxAuthTries: 3 })
  const identityFiles = keys.map(({ file }) => file)
  const refused = problemOf(await connectTo(loopbackTarget(folder, sshd.port, hostKey, { identityFiles })))
  expect(refused.code).toBe('ssh-refused')
  expect(refused.detail).toContain('after 3 keys')
})

function connectTo(target: SshTarget, ask: AskPassphrase | null = null) {
  return ssh2Driver({ askPassphrase: ask }).connect(target, never)
}

async function connected(target: SshTarget, ask: AskPassphrase | null = null) {
  return valueOf(await connectTo(target, ask))
}

function triedAs({ publicKey }: KeyFiles): string {
  return publicKey.split(' ').slice(0, 2).join(' ')
}

/** A real ssh-agent of this test. */
async function agentWith(folder: string, ...keys: readonly KeyFiles[]): Promise<string> {
  const socket = join(folder, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket])
  onTestFinished(() => void agent.kill())
  await once(agent.stdout, 'data')
  for (const { file } of keys) {
    const adding = spawn('ssh-add', ['-q', file], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
    const [code] = (await once(adding, 'close')) as [number]
    expect(code).toBe(0)
  }
  return socket
}
