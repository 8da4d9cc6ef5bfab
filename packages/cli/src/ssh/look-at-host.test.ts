import { duplexPair, PassThrough, Readable } from 'node:stream'
import type { SshConnection, SshTarget } from '@fleetmend/ssh'
import { expect, test } from 'vitest'
import { lookAtHost } from './look-at-host.ts'

interface Said {
  readonly code?: number
  readonly out?: string
  readonly err?: string
}

const debian: Readonly<Record<string, Said>> = {
  uname: { out: 'Linux x86_64\n' },
  getconf: { out: 'glibc 2.36\n' },
  id: { out: 'uid=1000(deploy) gid=1000(deploy) groups=1000(deploy)\n' },
  env: { out: 'HOME=/home/deploy\0SHELL=/bin/bash\0' },
  test: {},
  'fleetmend-agent': { code: 127, err: 'env: /usr/bin/fleetmend-agent: No such file or directory\n' },
  sudo: {},
}

/** A host whose programs say this, each behind what its shell says first. */
function hostSaying(says: Readonly<Record<string, Said>>, shell = ''): SshConnection {
  return {
    target: { alias: 'deploy@web-1', user: 'deploy' } as SshTarget,
    async start(line) {
      const [, name = ''] = /^'env' 'LC_ALL=C' '?(?:\/usr\/bin\/)?([\w-]+)/.exec(line) ?? []
      const { code = 0, out = '', err = '' } = says[name] ?? { code: 127 }
      const [stdio, far] = duplexPair()
      far.resume().end(shell + out)
      const exited = Promise.resolve({ code, signal: null, problem: null })
      return { ok: true, value: { stdio, stderr: Readable.from([Buffer.from(err)]).pipe(new PassThrough()), exited } }
    },
    ended: new Promise(() => undefined),
    async [Symbol.asyncDispose]() {},
  }
}

const look = (says: Readonly<Record<string, Said>>, shell?: string) =>
  lookAtHost(hostSaying({ ...debian, ...says }, shell), new AbortController().signal)

test('a Debian host, seen by who may become root', async () => {
  const seen = await look({})
  expect(seen).toMatchObject({
    ok: true,
    value: { architecture: 'x64', uid: 1000, cacheFolder: '/home/deploy/.cache', hasSystemd: true, agent: null },
  })
  expect(seen.ok && seen.value.asRoot(['true'])).toEqual(['sudo', '-n', '--', 'true'])
})

test.each([
  'Welcome to web-1\r\n',
  'uid=0(root)\nLinux aarch64\nglibc 2.1\nHOME=/tmp\n',
  'no line break at its end: ',
  '\u001B]0;title\u0007\n',
])('what a shell says before is not taken for an answer: %j', async (shell) => {
  expect(await look({ 'fleetmend-agent': { out: 'fleetmend-agent 0.1.0 (Node 26.10.0)\n' } }, shell)).toMatchObject({
    value: { architecture: 'x64', uid: 1000, cacheFolder: '/home/deploy/.cache', agent: '0.1.0' },
  })
})

test.each([
  {
    what: 'root needs no sudo',
    says: { id: { out: 'uid=0(root) gid=0(root)\n' }, sudo: { code: 127 } },
    seen: { uid: 0 },
  },
  { what: 'arm64', says: { uname: { out: 'Linux aarch64\n' } }, seen: { architecture: 'arm64' } },
  { what: 'no systemd', says: { test: { code: 1 } }, seen: { hasSystemd: false } },
  {
    what: 'an installed agent',
    says: { 'fleetmend-agent': { out: 'fleetmend-agent 0.1.0 (Node 26.10.0)\n' } },
    seen: { agent: '0.1.0' },
  },
  {
    what: 'a cache in another place',
    says: { env: { out: 'HOME=/home/deploy\0XDG_CACHE_HOME=/srv/cache/\0' } },
    seen: { cacheFolder: '/srv/cache' },
  },
])('$what', async ({ says, seen }) => {
  expect(await look(says)).toMatchObject({ ok: true, value: seen })
})

test.each([
  { says: { uname: { out: 'FreeBSD amd64\n' } }, code: 'ssh-host-unsuited', tells: 'FreeBSD amd64' },
  { says: { uname: { out: 'Linux armv7l\n' } }, code: 'ssh-host-unsuited', tells: 'armv7l' },
  { says: { getconf: { code: 1 } }, code: 'ssh-host-unsuited', tells: 'not glibc' },
  { says: { getconf: { out: 'glibc 2.27\n' } }, code: 'ssh-host-unsuited', tells: '2.27' },
  { says: { id: { out: '\n' } }, code: 'ssh-no-place', tells: 'who logs in' },
  { says: { env: { out: 'HOME=\0' } }, code: 'ssh-no-place', tells: 'at home' },
  {
    says: { sudo: { code: 1, err: 'sudo: a password is required\n' } },
    code: 'ssh-sudo-password',
    tells: 'deploy ALL=(root) NOPASSWD: ALL',
  },
  {
    says: { sudo: { code: 1, err: 'sudo: sorry, you must have a tty to run sudo\n' } },
    code: 'ssh-sudo-password',
    tells: '',
  },
  {
    says: { sudo: { code: 127, err: "env: 'sudo': No such file or directory\n" } },
    code: 'ssh-no-root',
    tells: 'fleetmend diagnose --ssh root@web-1',
  },
  {
    says: { sudo: { code: 1, err: 'deploy is not in the sudoers file.\n\u001B[2J' } },
    code: 'ssh-no-root',
    tells: '\\u{1b}[2J',
  },
])('$code: $tells', async ({ says, code, tells }) => {
  const seen = await look(says)
  expect(seen).toMatchObject({ ok: false, problem: { code, detail: expect.stringContaining(tells) } })
})
