import { chmod, chown, mkdir, open, readFile, readdir, readlink, stat, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { removeLeftovers, replaceFile, syncDirectory } from './replace-file.ts'
import { temporaryFolder } from './temporary-folder.ts'

const isRoot = process.getuid?.() === 0
/** Owned by whoever runs the tests. */
const fresh = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

function bytes(text: string): Uint8Array {
  return Buffer.from(text)
}

describe('a file that exists', () => {
  test.each(['600', '640', '444', '755'])('keeps its mode, here %s, whatever is said for new ones', async (octal) => {
    const mode = Number.parseInt(octal, 8)
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), 'before')
    await chmod(folder.at('www.conf'), mode)
    expect(await replaceFile(folder.at('www.conf'), bytes('after'), fresh)).toEqual({ ok: true, madeDirectories: [] })
    expect(await readFile(folder.at('www.conf'), 'utf8')).toBe('after')
    expect((await stat(folder.at('www.conf'))).mode & 0o7777).toBe(mode)
  })

  test.skipIf(!isRoot)('keeps its group, whatever is said for new ones', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), 'before')
    await chown(folder.at('www.conf'), 0, 23_456)
    await replaceFile(folder.at('www.conf'), bytes('after'), fresh)
    expect(await stat(folder.at('www.conf'))).toMatchObject({ uid: 0, gid: 23_456, size: 5 })
  })

  test('gets the time at which its bytes were written before, where that is said', async () => {
    await using folder = await temporaryFolder()
    const path = folder.at('www.conf')
    const modifiedMs = Date.UTC(2026, 1, 3, 4, 5, 6, 789)
    await writeFile(path, 'before')
    await replaceFile(path, bytes('long before'), { ...fresh, modifiedMs })
    expect((await stat(path)).mtimeMs).toBeCloseTo(modifiedMs, 0)
    await replaceFile(path, bytes('after'), fresh)
    expect((await stat(path)).mtimeMs).toBeGreaterThan(Date.UTC(2026, 2))
  })

  test('stays whole for whoever has it open, and only it is there afterwards', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('www.conf'), 'before')
    const reader = await open(folder.at('www.conf'))
    await replaceFile(folder.at('www.conf'), bytes('after'), fresh)
    expect(await reader.readFile('utf8')).toBe('before')
    expect((await reader.stat()).ino).not.toBe((await stat(folder.at('www.conf'))).ino)
    await reader.close()
    expect(await readdir(folder.path)).toEqual(['www.conf'])
  })

  test('is wholly the old or wholly the new one at any moment', async () => {
    await using folder = await temporaryFolder()
    const sizeBytes = 1024 * 1024
    const contents = (letter: string) => letter.repeat(sizeBytes)
    await writeFile(folder.at('www.conf'), contents('0'))
    const done = new AbortController()
    const readers = Array.from({ length: 2 }, async () => {
      const seen: string[] = []
      while (!done.signal.aborted) seen.push(await readFile(folder.at('www.conf'), 'latin1'))
      return seen.filter((text) => text !== contents(text.charAt(0))).length
    })
    for (const letter of '12345678') await replaceFile(folder.at('www.conf'), bytes(contents(letter)), fresh)
    done.abort()
    expect(await Promise.all(readers)).toEqual([0, 0])
    expect(await readFile(folder.at('www.conf'), 'latin1')).toBe(contents('8'))
  })
})

describe('a file that does not exist yet', () => {
  test('gets the mode that was asked for, whatever the umask', async () => {
    await using folder = await temporaryFolder()
    const before = process.umask(0o077)
    const done = await replaceFile(folder.at('new.conf'), bytes('new'), { ...fresh, mode: 0o646 })
    process.umask(before)
    expect(done).toEqual({ ok: true, madeDirectories: [] })
    expect((await stat(folder.at('new.conf'))).mode & 0o7777).toBe(0o646)
    expect(await readFile(folder.at('new.conf'), 'utf8')).toBe('new')
  })

  test.skipIf(!isRoot)('gets the owner that was asked for', async () => {
    await using folder = await temporaryFolder()
    await replaceFile(folder.at('new.conf'), bytes('new'), { mode: 0o640, uid: 12_345, gid: 23_456 })
    expect(await stat(folder.at('new.conf'))).toMatchObject({ uid: 12_345, gid: 23_456 })
  })

  test('gets the directories above it, which are named from the outermost', async () => {
    await using folder = await temporaryFolder()
    const path = folder.at('system', 'php.service.d', 'fleetmend.conf')
    const madeDirectories = [folder.at('system'), folder.at('system', 'php.service.d')]
    expect(await replaceFile(path, bytes('[Service]\n'), fresh)).toEqual({ ok: true, madeDirectories })
    expect(await readFile(path, 'utf8')).toBe('[Service]\n')
    for (const made of madeDirectories) expect((await stat(made)).mode & 0o022, made).toBe(0)
  })
})

describe('nothing is touched', () => {
  test('where a link stands in the place of the file', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('target'), 'target')
    await symlink('target', folder.at('www.conf'))
    const says = `${folder.at('www.conf')} is not a plain file`
    expect(await replaceFile(folder.at('www.conf'), bytes('after'), fresh)).toEqual({ ok: false, says })
    expect(await readlink(folder.at('www.conf'))).toBe('target')
    expect(await readFile(folder.at('target'), 'utf8')).toBe('target')
  })

  test('where a directory stands in its place', async () => {
    await using folder = await temporaryFolder()
    const says = `${folder.path} is not a plain file`
    expect(await replaceFile(folder.path, bytes('after'), fresh)).toEqual({ ok: false, says })
  })

  test('below what is not a directory', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), 'file')
    const path = folder.at('file', 'www.conf')
    const says = `${path} could not be written: not a directory`
    expect(await replaceFile(path, bytes('after'), fresh)).toEqual({ ok: false, says })
    expect(await readFile(folder.at('file'), 'utf8')).toBe('file')
  })

  test('when it fails half-way: what was made on the way is gone again', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('there'))
    // As long as a name may be, so that the temporary name beside it is too long.
    const path = folder.at('there', 'made', 'made-too', 'n'.repeat(255))
    expect(await replaceFile(path, bytes('new'), fresh)).toMatchObject({
      ok: false,
      says: expect.stringMatching(/could not be written: ENAMETOOLONG/),
    })
    expect(await readdir(folder.path, { recursive: true })).toEqual(['there'])
  })
})

describe('directories that others can write to', () => {
  test.each([
    { mode: '777', trusted: false },
    { mode: '770', trusted: false },
    { mode: '707', trusted: false },
    { mode: '755', trusted: true },
    { mode: '1777', trusted: true },
  ])('with mode $mode, trusted is $trusted', async ({ mode, trusted }) => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('open', 'pool.d'), { recursive: true })
    await chmod(folder.at('open'), Number.parseInt(mode, 8))
    const says = `${folder.at('open')} can be written by others than root, so nothing below it is replaced`
    for (const path of [folder.at('open', 'www.conf'), folder.at('open', 'pool.d', 'www.conf')])
      expect(await replaceFile(path, bytes('new'), fresh)).toEqual(
        trusted ? { ok: true, madeDirectories: [] } : { ok: false, says },
      )
    const made = trusted ? ['pool.d', 'pool.d/www.conf', 'www.conf'] : ['pool.d']
    expect((await readdir(folder.at('open'), { recursive: true })).toSorted()).toEqual(made)
  })

  test('get no directories either', async () => {
    await using folder = await temporaryFolder()
    await chmod(folder.path, 0o777)
    expect(await replaceFile(folder.at('made', 'made-too', 'new.conf'), bytes('new'), fresh)).toMatchObject({
      ok: false,
    })
    expect(await readdir(folder.path)).toEqual([])
  })

  test.skipIf(!isRoot)('are also those that belong to someone else', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('theirs'))
    await chown(folder.at('theirs'), 12_345, 0)
    const says = `${folder.at('theirs')} can be written by others than root, so nothing below it is replaced`
    expect(await replaceFile(folder.at('theirs', 'new.conf'), bytes('new'), fresh)).toEqual({ ok: false, says })
    expect(await readdir(folder.at('theirs'))).toEqual([])
  })
})

describe('what a call left that was killed in the middle', () => {
  test('is removed, and nothing of others that looks like it', async () => {
    await using folder = await temporaryFolder()
    const others = ['www.conf', '.www.conf.swp', '.www.conf.fleetmend-note', '.old.conf.fleetmend-0123456789ab']
    for (const name of [...others, '.www.conf.fleetmend-0123456789ab']) await writeFile(folder.at(name), 'text')
    expect(await removeLeftovers(folder.at('www.conf'))).toEqual({ ok: true })
    expect((await readdir(folder.path)).toSorted()).toEqual(others.toSorted())
  })

  test('is nothing where the directory was never made', async () => {
    await using folder = await temporaryFolder()
    expect(await removeLeftovers(folder.at('none', 'www.conf'))).toEqual({ ok: true })
  })
})

test('only a directory is synced as one', async () => {
  await using folder = await temporaryFolder()
  await writeFile(folder.at('file'), '')
  await syncDirectory(folder.path)
  await expect(syncDirectory(folder.at('file'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  await expect(syncDirectory(folder.at('nothing'))).rejects.toMatchObject({ code: 'ENOENT' })
})
