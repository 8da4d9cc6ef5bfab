import { once } from 'node:events'
import { chmod, lstat, mkdir, symlink, truncate, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { describe, expect, test } from 'vitest'
import type { Read } from './host.ts'
import { list, readFile, readFrom, readLink, resolvePath, stat } from './files.ts'
import { runTool } from './run-tool.ts'
import { temporaryFolder } from './temporary-folder.ts'

const isRoot = process.getuid?.() === 0

function textOf(read: Read<Uint8Array>): string {
  if (!read.ok) throw new Error(read.says)
  return Buffer.from(read.value).toString('latin1')
}

async function makePipe(path: string): Promise<void> {
  expect(await runTool({ program: 'mkfifo', args: [path], limitMs: 10_000 })).toMatchObject({ value: { exitCode: 0 } })
}

describe('a whole file', () => {
  test.each([
    { sizeBytes: 0, limitBytes: 10 },
    { sizeBytes: 10, limitBytes: 10 },
    { sizeBytes: 200_000, limitBytes: 200_000 },
  ])('of $sizeBytes bytes is read within a limit of $limitBytes', async ({ sizeBytes, limitBytes }) => {
    await using folder = await temporaryFolder()
    const bytes = Buffer.from(Array.from({ length: sizeBytes }, (_, i) => (i * 7 + (i >> 8)) & 0xff))
    await writeFile(folder.at('file'), bytes)
    const read = await readFile(folder.at('file'), limitBytes)
    expect(read.ok && bytes.equals(read.value)).toBe(true)
  })

  test.each([
    { sizeBytes: 11, limitBytes: 10 },
    { sizeBytes: 4 * 1024 * 1024 + 1, limitBytes: undefined },
  ])('of $sizeBytes bytes is too big for a limit of $limitBytes', async ({ sizeBytes, limitBytes }) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), '')
    await truncate(folder.at('file'), sizeBytes)
    const says = `bigger than ${limitBytes ?? 4_194_304} bytes`
    expect(await readFile(folder.at('file'), limitBytes)).toEqual({ ok: false, why: 'too-big', says })
  })

  test('of /proc has no size, and is read all the same', async () => {
    expect(textOf(await readFile('/proc/self/status'))).toMatch(/^Name:[^]*\nThreads:/)
  })
})

describe('what cannot be read says why', () => {
  test.each([
    { what: 'a file that is not there', name: 'nothing', why: 'missing', says: 'no such file or directory' },
    { what: 'a file below a file', name: 'file/below', why: 'missing', says: 'not a directory' },
    { what: 'a directory', name: '.', why: 'failed', says: 'a directory' },
    { what: 'a link to itself', name: 'loop', why: 'failed', says: 'too many links' },
  ])('$what', async ({ name, why, says }) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), '')
    await symlink('loop', folder.at('loop'))
    const path = `${folder.path}/${name}`
    expect(await readFile(path)).toEqual({ ok: false, why, says })
    expect(await readFrom(path, 0, 10)).toEqual({ ok: false, why, says })
  })

  test.skipIf(isRoot)('a file of someone else', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('secret'), 'x', { mode: 0o000 })
    expect(await readFile(folder.at('secret'))).toEqual({ ok: false, why: 'denied', says: 'permission denied' })
  })

  test('a pipe that nobody writes to, without waiting for one who would', async () => {
    await using folder = await temporaryFolder()
    await makePipe(folder.at('pipe'))
    expect(await readFile(folder.at('pipe'))).toMatchObject({ ok: false, why: 'failed' })
  })
})

describe('what was appended', () => {
  test.each([
    { offset: 0, limitBytes: 100, appended: 'one\ntwo\n' },
    { offset: 4, limitBytes: 100, appended: 'two\n' },
    { offset: 4, limitBytes: 2, appended: 'tw' },
    { offset: 8, limitBytes: 100, appended: '' },
  ])('from $offset, $limitBytes bytes at most, is $appended', async ({ offset, limitBytes, appended }) => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'one\ntwo\n')
    expect(textOf(await readFrom(folder.at('log'), offset, limitBytes))).toBe(appended)
  })

  test('is not known of a file that became shorter', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('log'), 'one\n')
    const says = 'the file became shorter: it was rotated'
    expect(await readFrom(folder.at('log'), 5, 100)).toEqual({ ok: false, why: 'missing', says })
  })
})

describe('facts of a path', () => {
  test('tell every kind apart, and follow no link', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), '')
    await mkdir(folder.at('directory'))
    await symlink('nothing', folder.at('link'))
    await makePipe(folder.at('other'))
    const server = createServer().listen(folder.at('socket'))
    await once(server, 'listening')
    for (const kind of ['file', 'directory', 'link', 'other', 'socket'])
      expect(await stat(folder.at(kind)), kind).toMatchObject({ ok: true, value: { kind } })
    server.close()
  })

  test('are permission bits without the kind, the owner, the size and the identity', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), 'four')
    await chmod(folder.at('file'), 0o4751)
    const { uid, gid, mtimeMs, ctimeMs, dev, ino } = await lstat(folder.at('file'))
    const times = { modifiedMs: mtimeMs, changedMs: ctimeMs }
    const value = { kind: 'file', mode: 0o4751, uid, gid, sizeBytes: 4, ...times, device: dev, inode: ino }
    expect(await stat(folder.at('file'))).toEqual({ ok: true, value })
  })

  test('are missing where nothing is', async () => {
    await using folder = await temporaryFolder()
    expect(await stat(folder.at('nothing'))).toMatchObject({ ok: false, why: 'missing' })
  })
})

test('names in a directory come sorted by their bytes', async () => {
  await using folder = await temporaryFolder()
  // As UTF-16 the last two would change places; by language the capital and the digit would.
  const names = ['.hidden', '10', '9', 'B', 'a', 'ä', '\uFF5E', '\u{1F600}']
  for (const name of names.toReversed()) await writeFile(folder.at(name), '')
  expect(await list(folder.path)).toEqual({ ok: true, value: names })
  expect(await list(folder.at('a'))).toEqual({ ok: false, why: 'missing', says: 'not a directory' })
})

test('a path is resolved through every link, a link is read as it is', async () => {
  await using folder = await temporaryFolder()
  await mkdir(folder.at('real'))
  await writeFile(folder.at('real', 'file'), '')
  await symlink('real', folder.at('folder'))
  await symlink('folder/file', folder.at('link'))
  expect(await resolvePath(folder.at('link'))).toEqual({ ok: true, value: folder.at('real', 'file') })
  expect(await readLink(folder.at('link'))).toEqual({ ok: true, value: 'folder/file' })
  expect(await readLink(folder.at('real', 'file'))).toMatchObject({ ok: false, why: 'failed' })
  expect(await resolvePath(folder.at('nothing'))).toMatchObject({ ok: false, why: 'missing' })
})
