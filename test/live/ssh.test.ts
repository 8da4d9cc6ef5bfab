/** Both SSH drivers against sshd as Debian 11, 12 and 13 ship it: every way in, every refusal, load, and lines that end. */
import { spawn } from 'node:child_process'
import { createHash, randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  commandLine,
  runCommand,
  ssh2Driver,
  systemSshDriver,
  type SshConnection,
  type SshDriver,
  type SshTarget,
} from '../../packages/ssh/src/index.ts'
import { plainTarget } from '../../packages/ssh/src/drivers/plain-target.ts'
import { hostsAreImpossible } from '../lab/can-boot-hosts.ts'
import { bootHost } from '../lab/lab.ts'
import { letIn } from '../lab/let-in.ts'
import type { LiveHost } from '../lab/live-host.ts'
import { must } from '../lab/tool.ts'
import { until } from '../lab/until.ts'

const never = new AbortController().signal
const limits = { limitMs: 20_000, limitBytes: 32 * 1024 * 1024 }
const passphrase = 'open sesame'
const secondPort = 2222
const thirdPort = 2223

/** A key exchange that ssh2 does not know, and what the ssh program of this machine makes of it. */
const exchanges = {
  debian11: { kex: 'diffie-hellman-group14-sha1', bySystem: 'ssh-failed' },
  debian12: { kex: 'sntrup761x25519-sha512@openssh.com', bySystem: 'connected' },
  debian13: { kex: 'sntrup761x25519-sha512@openssh.com', bySystem: 'connected' },
} as const

const drivers: readonly { readonly name: string; readonly driver: SshDriver }[] = [
  { name: 'ssh2', driver: ssh2Driver({ askPassphrase: async () => passphrase }) },
  { name: 'the ssh program', driver: systemSshDriver({ configFiles: [] }) },
]

const folder = mkdtempSync(join(tmpdir(), 'fleetmend-ssh-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const keys = [
  { name: 'ed25519', options: ['-t', 'ed25519', '-N', ''] },
  { name: 'ecdsa', options: ['-t', 'ecdsa', '-N', ''] },
  { name: 'rsa', options: ['-t', 'rsa', '-b', '3072', '-N', ''] },
  { name: 'encrypted', options: ['-t', 'ed25519', '-a', '1', '-N', passphrase] },
  { name: 'in-agent', options: ['-t', 'ed25519', '-N', ''] },
] as const
const keyFile = (name: string): string => join(folder, name)

describe.skipIf(await hostsAreImpossible())('a real host', () => {
  let agent: { readonly socket: string; readonly end: () => void }
  let authorized = ''

  beforeAll(async () => {
    await must(['ssh-keygen', '-q', '-t', 'ed25519', '-N', '', '-f', keyFile('stray')])
    for (const { name, options } of keys) {
      await must(['ssh-keygen', '-q', '-C', name, '-f', keyFile(name), ...options])
      authorized += await must(['cat', `${keyFile(name)}.pub`])
    }
    agent = await agentWith('in-agent')
  })
  afterAll(() => agent.end())

  describe.each(['debian11', 'debian12', 'debian13'] as const)('with %s', (release) => {
    let host: LiveHost
    let hostKey = ''
    const targetOf = (
      changes: Partial<SshTarget> = {},
      known: (name: string) => string = (name) => `${name} ${hostKey}`,
    ) => {
      const port = changes.port ?? 22
      const text = `${known(port === 22 ? host.address : `[${host.address}]:${port}`)}\n`
      const knownHosts = join(folder, createHash('sha256').update(text).digest('hex').slice(0, 12))
      writeFileSync(knownHosts, text)
      return plainTarget({ alias: 'reached', hostName: host.address, port: 22, knownHosts, ...changes })
    }

    beforeAll(async () => {
      host = await bootHost({ name: 'reached', release })
      hostKey = (await host.readFile('/etc/ssh/ssh_host_ed25519_key.pub')).split(' ').slice(0, 2).join(' ')
      await host.must(['useradd', '--create-home', '--shell', '/bin/bash', 'ops'])
      await letIn(host, 'ops', authorized)
      const sshd = ['systemd-run', '--quiet', '/usr/sbin/sshd', '-D']
      await host.must([...sshd, '-p', `${secondPort}`])
      await host.must([...sshd, '-p', `${thirdPort}`, '-o', `KexAlgorithms=${exchanges[release].kex}`])
    })
    afterAll(() => host[Symbol.asyncDispose]())

    describe.each(drivers)('by $name', ({ name, driver }) => {
      const withKey = (key: string, changes: Partial<SshTarget> = {}): SshTarget =>
        targetOf({ identityFiles: [keyFile(key)], identitiesOnly: true, ...changes })

      test('every kind of key lets in, and so does a jump host', async () => {
        const jump = withKey('ecdsa', {
          port: secondPort,
          alias: 'jump',
          written: { user: null, host: 'jump', port: null },
        })
        const ways = [
          withKey('ed25519'),
          withKey('ecdsa'),
          withKey('rsa'),
          targetOf({ agentSocket: agent.socket }),
          withKey('ed25519', { jumps: [jump] }),
          // Nobody can be asked by the ssh program, which has no terminal.
          ...(name === 'ssh2' ? [withKey('encrypted')] : []),
        ]
        for (const target of ways) {
          await using connection = await connected(driver, target)
          expect(await said(connection, commandLine(['/usr/bin/id', '-un']))).toBe('ops\n')
        }
      })

      test('fifty programs at once wait for their turn, and none fails', async () => {
        await using connection = await connected(driver, withKey('ed25519'))
        const all = await Promise.all(
          Array.from({ length: 50 }, (_, at) => said(connection, commandLine(['/bin/echo', `${at}`]))),
        )
        expect(all).toEqual(Array.from({ length: 50 }, (_, at) => `${at}\n`))
      })

      test('8 MiB go there and come back whole, and stop on the way while nobody reads', async () => {
        await using connection = await connected(driver, withKey('ed25519'))
        const sent = randomBytes(8 * 1024 * 1024)
        const { stdio, exited } = await started(connection, commandLine(['/bin/cat']))
        let written = false
        stdio.end(sent, () => (written = true))
        await new Promise((resolve) => setTimeout(resolve, 300))
        expect(written).toBe(false)
        const back: Buffer[] = []
        for await (const chunk of stdio) back.push(chunk as Buffer)
        expect(Buffer.concat(back).equals(sent)).toBe(true)
        expect(await exited).toEqual({ code: 0, signal: null, problem: null })
      })

      test('a program that is no longer wanted ends there, and the connection stays', async () => {
        await using connection = await connected(driver, withKey('ed25519'))
        const running = ['pgrep', '-u', 'ops', '-x', 'cat']
        const abort = new AbortController()
        const { exited } = await started(connection, commandLine(['/bin/sh', '-c', 'echo; exec cat']), abort.signal)
        await until(async () => (await host.run(running)).exitCode === 0, 'the program to run')
        abort.abort(new Error('no longer wanted'))
        expect(await exited).toMatchObject({ code: null, problem: null })
        await until(async () => (await host.run(running)).exitCode !== 0, 'the program to end')
        expect(await said(connection, commandLine(['/bin/echo', 'still here']))).toBe('still here\n')
      })

      test('a connection that is killed there ends its programs with the problem', async () => {
        await using connection = await connected(driver, withKey('ed25519'))
        const { stdio, exited } = await started(connection, commandLine(['/bin/sh', '-c', 'echo half; exec sleep 60']))
        await once(stdio, 'data')
        const failed = once(stdio, 'error')
        await host.must(['pkill', '-KILL', '-u', 'ops', '-f', '^sshd'])
        expect(((await failed)[0] as Error).message).toContain('broke')
        expect(await exited).toMatchObject({ code: null, problem: { code: 'ssh-broken' } })
        expect(await connection.ended).toMatchObject({ code: 'ssh-broken' })
      })

      test('a host with another key exchange is left to the ssh program', async () => {
        const outcome = await driver.connect(withKey('ed25519', { port: thirdPort }), never)
        const expected = name === 'ssh2' ? 'ssh-needs-system-ssh' : exchanges[release].bySystem
        expect(outcome.ok ? 'connected' : outcome.problem.code).toBe(expected)
        if (outcome.ok) await outcome.value[Symbol.asyncDispose]()
      })

      // Last: from OpenSSH 9.8 on sshd counts these against our address (PerSourcePenalties).
      test('a key that is unknown, changed or revoked is refused, and a stray key is not let in', async () => {
        const stray = (await must(['cat', `${keyFile('stray')}.pub`])).trim()
        const refusals = [
          { target: targetOf({}, () => ''), code: 'ssh-host-unknown' },
          { target: targetOf({}, (at) => `${at} ${stray}`), code: 'ssh-host-changed' },
          { target: targetOf({}, () => `@revoked * ${hostKey}`), code: 'ssh-host-revoked' },
          { target: withKey('stray'), code: 'ssh-refused' },
        ]
        const codes: string[] = []
        for (const { target } of refusals) {
          const outcome = await driver.connect(target, never)
          codes.push(outcome.ok ? 'connected' : outcome.problem.code)
        }
        expect(codes).toEqual(refusals.map(({ code }) => code))
      })
    })
  })
})

async function connected(driver: SshDriver, target: SshTarget): Promise<SshConnection> {
  const outcome = await driver.connect(target, never)
  if (outcome.ok) return outcome.value
  throw new Error(outcome.problem.detail)
}

async function started(connection: SshConnection, command: string, signal?: AbortSignal) {
  const process = await connection.start(command, signal)
  if (process.ok) return process.value
  throw new Error(process.problem.detail)
}

async function said(connection: SshConnection, command: string): Promise<string> {
  const ran = await runCommand(connection, command, limits)
  if (!ran.ok) throw new Error(ran.problem.detail)
  return ran.value.stdout.toString() + ran.value.stderr.toString()
}

async function agentWith(key: string) {
  const socket = join(folder, 'agent')
  const agent = spawn('ssh-agent', ['-D', '-a', socket])
  await once(agent.stdout, 'data')
  const adding = spawn('ssh-add', ['-q', keyFile(key)], { env: { ...process.env, SSH_AUTH_SOCK: socket } })
  const [code] = (await once(adding, 'close')) as [number]
  if (code !== 0) throw new Error(`ssh-add: exit ${code}`)
  return { socket, end: () => void agent.kill() }
}
