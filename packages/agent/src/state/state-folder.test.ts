import { chmod, mkdir, mkdtemp, rm, stat, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { hmacOf, isHmacOf, loadHostKey } from './host-key.ts'
import { openStateFolder } from './state-folder.ts'

async function scratch(): Promise<{ readonly path: string } & AsyncDisposable> {
  const path = await mkdtemp(join(tmpdir(), 'fleetmend-folder-'))
  return { path, [Symbol.asyncDispose]: () => rm(path, { recursive: true, force: true }) }
}

const modeOf = async (path: string) => ((await stat(path)).mode & 0o777).toString(8)

test('a new folder lets nobody else in where real bytes are', async () => {
  await using at = await scratch()
  const opened = await openStateFolder(join(at.path, 'lib', 'fleetmend'))
  if (!opened.ok) throw new Error(opened.says)
  expect(await modeOf(opened.value.sealed)).toBe('700')
  expect(await modeOf(opened.value.sealedApplies)).toBe('700')
  expect(await modeOf(join(opened.value.sealed, 'host.key'))).toBe('600')
  expect(await modeOf(opened.value.root)).toBe('750')
})

test('the host key is made once and then stays', async () => {
  await using at = await scratch()
  const first = await openStateFolder(join(at.path, 'state'))
  const second = await openStateFolder(join(at.path, 'state'))
  expect(first.ok && second.ok && first.value.key).toEqual(second.ok && second.value.key)
})

test('two agents that start at once agree on one key', async () => {
  await using at = await scratch()
  const keys = await Promise.all(Array.from({ length: 8 }, () => loadHostKey(join(at.path, 'host.key'))))
  expect(new Set(keys.map((key) => (key.ok ? Buffer.from(key.value).toString('hex') : key.says))).size).toBe(1)
})

test('a key that was cut short is refused', async () => {
  await using at = await scratch()
  await writeFile(join(at.path, 'host.key'), 'short')
  expect(await loadHostKey(join(at.path, 'host.key'))).toMatchObject({
    ok: false,
    says: expect.stringContaining('5 bytes'),
  })
})

test.each([
  { what: 'others may write to it', path: '', mode: 0o777 },
  { what: 'its group may write to it', path: 'plans', mode: 0o770 },
  { what: 'others may enter the sealed part', path: 'sealed', mode: 0o755 },
])('a folder is refused when $what', async ({ path, mode }) => {
  await using at = await scratch()
  const root = join(at.path, 'state')
  await openStateFolder(root)
  await chmod(join(root, path), mode)
  expect(await openStateFolder(root)).toMatchObject({ ok: false, says: expect.stringContaining('others may') })
})

test('a folder is refused when others may replace it', async () => {
  await using at = await scratch()
  await mkdir(join(at.path, 'shared'))
  await chmod(join(at.path, 'shared'), 0o777)
  expect(await openStateFolder(join(at.path, 'shared', 'state'))).toMatchObject({
    ok: false,
    says: expect.stringContaining(join(at.path, 'shared')),
  })
})

test('a folder reached through a link is the folder itself', async () => {
  await using at = await scratch()
  await mkdir(join(at.path, 'real'), { mode: 0o750 })
  await symlink(join(at.path, 'real'), join(at.path, 'link'))
  expect(await openStateFolder(join(at.path, 'link'))).toMatchObject({
    ok: true,
    value: { root: join(at.path, 'real') },
  })
})

test('an HMAC tells bytes apart, and keys', () => {
  const key = Buffer.alloc(32, 1)
  const hmac = hmacOf(key, Buffer.from('a'))
  expect(hmac).toMatch(/^hmac-sha256:[0-9a-f]{64}$/)
  expect(isHmacOf(key, Buffer.from('a'), hmac)).toBe(true)
  expect(isHmacOf(key, Buffer.from('b'), hmac)).toBe(false)
  expect(isHmacOf(Buffer.alloc(32, 2), Buffer.from('a'), hmac)).toBe(false)
  expect(isHmacOf(key, Buffer.from('a'), 'hmac-sha256:')).toBe(false)
})
