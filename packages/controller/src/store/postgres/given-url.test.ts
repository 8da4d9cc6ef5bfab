import { mkdirSync, writeFileSync, chmodSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../../test/scratch-folder.ts'
import { databaseUrlOf } from './given-url.ts'

const url = 'postgres://ana:secret@db.example/fleet'
const plain = 'postgres://ana@db.example/fleet'

function fileWith(text: string, mode = 0o600): string {
  const folder = dirname(scratchFolder())
  mkdirSync(folder, { recursive: true })
  const path = join(folder, 'database-url')
  writeFileSync(path, text)
  chmodSync(path, mode)
  return path
}

test('a file that only its owner can read is taken, without its line break', async () => {
  expect(await databaseUrlOf({ file: fileWith(`${url}\n`), environment: {} })).toEqual({ ok: true, url })
})

test('the environment is taken where nothing is typed, and not where something is', async () => {
  const environment = { FLEETMEND_DATABASE: url }
  expect(await databaseUrlOf({ environment })).toEqual({ ok: true, url })
  expect(await databaseUrlOf({ environment, onCommandLine: plain })).toEqual({ ok: true, url: plain })
  expect(await databaseUrlOf({ environment: { FLEETMEND_DATABASE: '' } })).toEqual({ ok: true, url: undefined })
})

test.each([
  { what: 'a password on the command line', given: () => ({ onCommandLine: url }), says: 'everybody on this machine' },
  { what: 'both', given: () => ({ onCommandLine: plain, file: '/x' }), says: 'it is one database' },
  { what: 'a file that others can read', given: () => ({ file: fileWith(url, 0o644) }), says: 'chmod 600' },
  { what: 'an empty file', given: () => ({ file: fileWith('\n') }), says: 'it is empty' },
  { what: 'a file that is not there', given: () => ({ file: '/no/such/file' }), says: 'ENOENT' },
])('$what is refused, and no password repeated', async ({ given, says }) => {
  const found = await databaseUrlOf({ ...given(), environment: {} })
  expect(found).toMatchObject({ ok: false, says: expect.stringContaining(says) })
  expect(JSON.stringify(found)).not.toContain('secret')
})
