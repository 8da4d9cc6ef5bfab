import { mkdir, readFile, readdir, stat, symlink, writeFile } from 'node:fs/promises'
import { HostId } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { linuxHost } from './linux-host.ts'
import { temporaryFolder } from './temporary-folder.ts'

const host = linuxHost(HostId.parse('web-1'), { program: 'false', args: [] })

describe('what is removed', () => {
  test('is a file, or a link and not what it leads to', async () => {
    await using folder = await temporaryFolder()
    await writeFile(folder.at('file'), 'file')
    await symlink('file', folder.at('link'))
    expect(await host.removeFile(folder.at('link'))).toEqual({ ok: true })
    expect(await readFile(folder.at('file'), 'utf8')).toBe('file')
    expect(await host.removeFile(folder.at('file'))).toEqual({ ok: true })
    expect(await readdir(folder.path)).toEqual([])
  })

  test('is a directory only when it is empty', async () => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('made', 'below'), { recursive: true })
    const says = expect.stringMatching(/made could not be removed: ENOTEMPTY/)
    expect(await host.removeDirectory(folder.at('made'))).toEqual({ ok: false, says })
    expect(await host.removeDirectory(folder.at('made', 'below'))).toEqual({ ok: true })
    expect(await host.removeDirectory(folder.at('made'))).toEqual({ ok: true })
    expect(await readdir(folder.path)).toEqual([])
  })

  test.each([
    { what: 'a file that is not there', remove: host.removeFile, name: 'nothing', says: /no such file or directory$/ },
    { what: 'a directory that is not there', remove: host.removeDirectory, name: 'nothing', says: /no such file/ },
    { what: 'a directory as a file', remove: host.removeFile, name: 'directory', says: /directory/ },
    { what: 'a file as a directory', remove: host.removeDirectory, name: 'file', says: /not a directory$/ },
  ])('is not $what', async ({ remove, name, says }) => {
    await using folder = await temporaryFolder()
    await mkdir(folder.at('directory'))
    await writeFile(folder.at('file'), '')
    const path = folder.at(name)
    expect(await remove(path)).toEqual({ ok: false, says: expect.stringMatching(says) })
    expect(await readdir(folder.path)).toEqual(['directory', 'file'])
    expect((await stat(folder.at('directory'))).isDirectory()).toBe(true)
  })
})
