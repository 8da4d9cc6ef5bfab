import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, chown } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { requestAs } from './fastcgi-child.ts'
import { idleProcess } from './idle-process.ts'
import { readOne } from './processes.ts'
import type { Self } from './self.ts'
import { mayMakeNamespaces } from './stand-in-tools.ts'
import { temporaryFolder } from './temporary-folder.ts'

const child = join(import.meta.dirname, 'fastcgi-child.ts')
const other = 12_345

/** Only root may, and that user must be able to run this node and to read these sources. */
const mayBecomeOthers =
  spawnSync(process.execPath, ['--check', child], { uid: other, gid: other }).status === 0 && mayMakeNamespaces

/** The agent as far as it matters here. */
const self: Self = {
  program: process.execPath,
  args: [
    '--input-type=module',
    '--eval',
    `import { runFastCgiChild } from '${child}'
     process.exitCode = await runFastCgiChild()`,
    '--',
  ],
}

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

/** What it gets from a socket that belongs to root and the group 23456, with this mode. */
async function replyAs(pid: number, mode: number) {
  await using folder = await temporaryFolder()
  await chmod(folder.path, 0o755)
  const pong = Buffer.concat([
    Buffer.from([1, 6, 0, 1, 0, 8, 0, 0]),
    Buffer.from('\r\n\r\npong'),
    Buffer.from([1, 3, 0, 1, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]),
  ])
  const server = createServer((socket) => socket.on('error', () => undefined).write(pong))
  server.listen(folder.at('fpm.sock'))
  await once(server, 'listening')
  await chown(folder.at('fpm.sock'), 0, 23_456)
  await chmod(folder.at('fpm.sock'), mode)
  const reply = await requestAs(self, pid, { address: `unix:${folder.at('fpm.sock')}`, params: {}, limitMs: 10_000 })
  server.close()
  return reply
}

describe.skipIf(!mayBecomeOthers)('a request as a worker of nginx', () => {
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

  test('that could not be made for want of an agent says so', async () => {
    await using idle = await idleProcess()
    const absent = { program: '/opt/no-such-agent', args: [] }
    const reply = await requestAs(absent, idle.pid, { address: 'tcp:127.0.0.1:1', params: {}, limitMs: 1000 })
    const says = expect.stringMatching(/^the request could not be made as nginx: .*no-such-agent/)
    expect(reply).toEqual({ kind: 'broken', says, tookMs: 0 })
  })
})

test('a worker that is gone is no one to ask as', async () => {
  const idle = await idleProcess()
  await idle[Symbol.asyncDispose]()
  const reply = await requestAs(self, idle.pid, { address: 'tcp:127.0.0.1:1', params: {}, limitMs: 1000 })
  expect(reply).toEqual({ kind: 'broken', says: `process ${idle.pid} of nginx is gone`, tookMs: 0 })
})
