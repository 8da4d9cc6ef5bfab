import { spawnSync } from 'node:child_process'
import { chmod, chown, link, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import { describe, expect, test } from 'vitest'
import { replaceFile } from './replace-file.ts'
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts'
import { writeObstacle } from './write-obstacle.ts'

const isRoot = process.getuid?.() === 0
const fresh = { mode: 0o644, uid: process.getuid?.() ?? 0, gid: process.getgid?.() ?? 0 }

/** A file with text in it, as it is shipped. */
async function shipped(folder: TemporaryFolder): Promise<string> {
  const path = folder.at('www.conf')
  await writeFile(path, 'before', { mode: 0o644 })
  return path
}

test('nothing stands in the way of a plain file of root, or of a new one in a new directory', async () => {
  await using folder = await temporaryFolder()
  expect(await writeObstacle(await shipped(folder))).toBeNull()
  expect(await writeObstacle(folder.at('system', 'php.service.d', 'new.conf'))).toBeNull()
})

describe('what is found before anything is written, replacing it meets too', () => {
  const cases: readonly {
    readonly what: string
    readonly asRoot?: true
    make(path: string, folder: TemporaryFolder): Promise<unknown>
    readonly says: RegExp
  }[] = [
    {
      what: 'another name of the file',
      make: (path, folder) => link(path, folder.at('other.conf')),
      says: /^\S+www\.conf is one of 2 names of the same file \(hard links\)/,
    },
    {
      what: 'a mode that lets everybody write',
      make: (path) => chmod(path, 0o666),
      says: /www\.conf can be written by/,
    },
    {
      what: 'a mode that lets its group write',
      make: (path) => chmod(path, 0o664),
      says: /www\.conf can be written by/,
    },
    {
      what: 'an owner who is not root',
      asRoot: true,
      make: (path) => chown(path, 12_345, 0),
      says: /www\.conf can be/,
    },
    {
      what: 'a directory that everybody can write to',
      make: (_, folder) => chmod(folder.path, 0o777),
      says: /^(?!.*www\.conf).* can be written by others than root, so nothing below it is replaced$/,
    },
  ]
  test.each(cases)('$what', async ({ asRoot, make, says }) => {
    if (asRoot && !isRoot) return
    await using folder = await temporaryFolder()
    const path = await shipped(folder)
    await make(path, folder)
    const obstacle = await writeObstacle(path)
    expect(obstacle).toMatch(says)
    expect(await replaceFile(path, Buffer.from('after'), fresh)).toEqual({ ok: false, says: obstacle })
    expect(await readFile(path, 'utf8')).toBe('before')
  })

  test('a link, and a directory in the place of the file', async () => {
    await using folder = await temporaryFolder()
    await symlink(await shipped(folder), folder.at('link.conf'))
    expect(await writeObstacle(folder.at('link.conf'))).toMatch(/is not a plain file$/)
    expect(await writeObstacle(folder.path)).toMatch(/is not a plain file$/)
  })

  test('a new file below a directory of somebody else', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('open'))
    await chmod(folder.at('open'), 0o775)
    expect(await writeObstacle(folder.at('open', 'made', 'new.conf'))).toMatch(/open can be written by others/)
  })

  test.skipIf(!isRoot)('an immutable file, and an immutable directory', async ({ skip }) => {
    await using folder = await temporaryFolder()
    const path = await shipped(folder)
    for (const each of [path, folder.path]) {
      // Some file systems have no such flag.
      if (spawnSync('chattr', ['+i', each]).status !== 0) skip()
      try {
        expect(await writeObstacle(path)).toBe(
          `${each} is made immutable, which \`lsattr -d\` shows and \`chattr -i\` ends`,
        )
      } finally {
        spawnSync('chattr', ['-i', each])
      }
    }
  })
})
