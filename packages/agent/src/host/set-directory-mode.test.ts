import { chmodSync, mkdirSync, statSync, symlinkSync } from 'node:fs'
import { expect, test } from 'vitest'
import { setDirectoryMode } from './set-directory-mode.ts'
import { temporaryFolder } from './temporary-folder.ts'

test('a directory gets the mode, and a link to one does not lead there', async () => {
  await using folder = await temporaryFolder()
  const path = folder.at('php')
  mkdirSync(path)
  chmodSync(path, 0o750)
  symlinkSync(path, folder.at('link'))
  expect(await setDirectoryMode(path, 0o751)).toEqual({ ok: true })
  expect(statSync(path).mode & 0o7777).toBe(0o751)
  expect(await setDirectoryMode(folder.at('link'), 0o777)).toMatchObject({ ok: false })
  expect(await setDirectoryMode(folder.at('none'), 0o777)).toMatchObject({ ok: false })
  expect(statSync(path).mode & 0o7777).toBe(0o751)
})
