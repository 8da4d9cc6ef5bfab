import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown, readFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { promisify } from 'node:util'
import { describe, expect, test } from 'vitest'
import { requestAs } from './fastcgi-as.ts'
import { idleProcess } from './idle-process.ts'
import { readOne } from './processes.ts'
import { mayMakeNamespaces } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

const other = 12_345

/** A process as a worker of nginx is: another user, another group, and perhaps groups of sockets. */
async function worker(groups: readonly string[]) {
  const become = ['--reuid', `${other}`, '--regid', `${other}`, ...groups, '--', 'sleep', '60']
  const idle = await idleProcess('setpriv', become)
  const comm = async () => {
    const facts = await readOne(idle.pid)
    return facts.ok && facts.value.comm
  }
  await expect.poll(comm, { timeout: 10_000 }).toBe('sleep')
  return idle
}

/** An answer of FPM. */
const pong = Buffer.concat([
  Buffer.from([1, 6, 0, 1, 0, 8, 0, 0]),
  Buffer.from('\r\n\r\npong'),
  Buffer.from([1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
])

/** What it gets from a socket that belongs to root and the group 23456, with this mode. */
async function replyAs(pid: number, mode: number) {
  await using folder = await temporaryFolder()
  await chmod(folder.path, 0o755)
  const server = createServer((socket) => socket.on('error', () => undefined).write(pong))
  server.listen(folder.at('fpm.sock'))
  await once(server, 'listening')
  await chown(folder.at('fpm.sock'), 0, 23_456)
  await chmod(folder.at('fpm.sock'), mode)
  const reply = await requestAs(pid, { address: `unix:${folder.at('fpm.sock')}`, params: {}, limitMs: 10_000 })
  server.close()
  return reply
}

describe.skipIf(!mayMakeNamespaces)('a request as a worker of nginx', () => {
  const answered = { kind: 'answered', status: 200, body: 'pong' }
  const denied = { kind: 'cannot-connect', errno: 'EACCES', says: 'permission denied' }

  test.each([
    { groups: ['--clear-groups'], mode: 0o666, reply: answered, because: 'anyone may' },
    { groups: ['--clear-groups'], mode: 0o660, reply: denied, because: 'it is not root' },
    { groups: ['--groups', '12,23456'], mode: 0o660, reply: answered, because: 'one of its groups may' },
    { groups: ['--groups', '12,23457'], mode: 0o660, reply: denied, because: 'none of its groups may' },
  ])('with $groups is $reply.kind: $because', async ({ groups, mode, reply }) => {
    await using idle = await worker(groups)
    expect(await replyAs(idle.pid, mode)).toMatchObject(reply)
  })

  test.each([
    { mode: 0o755, name: 'gone.sock', errno: 'ENOENT' },
    { mode: 0o700, name: 'gone.sock', errno: 'EACCES' },
    { mode: 0o755, name: 'no/folder/gone.sock', errno: 'ENOENT' },
    { mode: 0o700, name: 'no/folder/gone.sock', errno: 'EACCES' },
  ])('for $name, which is not there, below a folder of mode $mode, meets $errno', async ({ mode, name, errno }) => {
    await using folder = await temporaryFolder()
    await using idle = await worker(['--clear-groups'])
    await chmod(folder.path, mode)
    const reply = await requestAs(idle.pid, { address: `unix:${folder.at(name)}`, params: {}, limitMs: 10_000 })
    expect(reply).toMatchObject({ kind: 'cannot-connect', errno })
  })

  test('goes where the worker would go, whose view of the files may be another', async () => {
    await using folder = await temporaryFolder()
    const server = createServer((socket) => socket.on('error', () => undefined).write(pong))
    server.listen(folder.at('fpm.sock'))
    await once(server, 'listening')
    await using worker = await idleProcess('unshare', ['--mount', '--propagation', 'private', '--', 'sleep', '60'])
    // By then it is in there.
    await expect.poll(() => readFile(`/proc/${worker.pid}/comm`, 'utf8')).toBe('sleep\n')
    const request = { address: `unix:${folder.at('fpm.sock')}`, params: {}, limitMs: 10_000 } as const
    expect(await requestAs(worker.pid, request)).toMatchObject(answered)
    await promisify(execFile)('nsenter', [
      `--mount=/proc/${worker.pid}/ns/mnt`,
      'mount',
      '-t',
      'tmpfs',
      'tmpfs',
      folder.path,
    ])
    expect(await requestAs(worker.pid, request)).toMatchObject({ kind: 'cannot-connect', errno: 'ENOENT' })
    server.close()
  })
})

test('a worker that is gone is no one to ask as', async () => {
  const idle = await idleProcess()
  await idle[Symbol.asyncDispose]()
  const reply = await requestAs(idle.pid, { address: 'tcp:127.0.0.1:1', params: {}, limitMs: 1000 })
  expect(reply).toEqual({ kind: 'broken', says: `process ${idle.pid} of nginx is gone`, tookMs: 0 })
})
