import { once } from 'node:events'
import { chmod, mkdtemp, rename, rm, stat, writeFile, readFile } from 'node:fs/promises'
import { connect, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { listenOnSocket } from './own-socket.ts'

async function folder(): Promise<{ readonly path: string } & AsyncDisposable> {
  const made = await mkdtemp(join(tmpdir(), 'fleetmend-socket-'))
  return {
    path: join(made, 'run', 'agent.sock'),
    [Symbol.asyncDispose]: () => rm(made, { recursive: true, force: true }),
  }
}

function listening(path: string, mode = 0o660) {
  return listenOnSocket({ path, mode, connected: (socket) => socket.end('hello') })
}

async function heard(path: string): Promise<string> {
  const socket = connect(path)
  socket.setEncoding('utf8')
  let text = ''
  socket.on('data', (chunk: string) => (text += chunk))
  await once(socket, 'close')
  return text
}

/** A socket file whose process is gone, as SIGKILL leaves it. */
async function leaveStale(path: string): Promise<void> {
  const server = createServer()
  server.listen(`${path}.first`)
  await once(server, 'listening')
  await rename(`${path}.first`, path)
  await new Promise((resolve) => server.close(resolve))
}

test('it is as open as was asked for, in a folder that is made, and gone after closing', async () => {
  await using made = await folder()
  const opened = await listening(made.path)
  if (!opened.ok) throw new Error(opened.says)
  expect((await stat(made.path)).mode & 0o777).toBe(0o660)
  expect((await stat(dirname(made.path))).mode & 0o777).toBe(0o755)
  expect(await heard(made.path)).toBe('hello')
  await opened.close()
  await expect(stat(made.path)).rejects.toMatchObject({ code: 'ENOENT' })
})

test.skipIf(process.getuid?.() !== 0)('a group that may use it owns it', async () => {
  await using made = await folder()
  const opened = await listenOnSocket({ path: made.path, mode: 0o660, gid: 12_345, connected: () => {} })
  if (!opened.ok) throw new Error(opened.says)
  expect(await stat(made.path)).toMatchObject({ uid: 0, gid: 12_345 })
  await opened.close()
})

test('what a dead process left is replaced', async () => {
  await using made = await folder()
  const first = await listening(made.path)
  if (!first.ok) throw new Error(first.says)
  await first.close()
  await leaveStale(made.path)
  const opened = await listening(made.path)
  expect(opened).toMatchObject({ ok: true })
  expect(await heard(made.path)).toBe('hello')
  if (opened.ok) await opened.close()
})

test('what a living process listens on is left to it', async () => {
  await using made = await folder()
  const first = await listening(made.path)
  expect(await listening(made.path)).toEqual({ ok: false, says: `another process listens on ${made.path}` })
  expect(await heard(made.path)).toBe('hello')
  if (first.ok) await first.close()
})

test('a file that is no socket is never removed', async () => {
  await using made = await folder()
  const path = join(dirname(dirname(made.path)), 'passwd')
  await writeFile(path, 'root:x:0:0\n')
  await chmod(path, 0o600)
  expect(await listening(path)).toEqual({ ok: false, says: `${path} is there already, and it is not a socket` })
  expect(await readFile(path, 'utf8')).toBe('root:x:0:0\n')
})

test('where no folder can be made it says why', async () => {
  await using made = await folder()
  await writeFile(dirname(made.path), '')
  expect(await listening(made.path)).toMatchObject({ ok: false, says: expect.stringMatching(/EEXIST|ENOTDIR/) })
})
