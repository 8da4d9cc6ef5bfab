import { execFileSync } from 'node:child_process'
import { chmodSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { scratchFolder } from '../../test/scratch-folder.ts'
import { openSshAccess } from './ssh-access.ts'

function folder(): string {
  const path = scratchFolder()
  mkdirSync(path, { mode: 0o700 })
  return path
}

test('a key of its own is made once, when somebody wants it, and is for its owner alone', async () => {
  const dataFolder = folder()
  const access = openSshAccess({ dataFolder, fleet: 'b7d8' })
  const [one, two] = await Promise.all([access.key(), access.key()])
  expect(one).toEqual(two)
  const file = join(dataFolder, 'ssh-key')
  expect(one).toMatchObject({ ok: true, value: { file } })
  expect(statSync(file).mode & 0o777).toBe(0o600)
  expect(await openSshAccess({ dataFolder, fleet: 'b7d8' }).key()).toEqual(one)
  const publicKey = execFileSync('ssh-keygen', ['-y', '-f', file], { encoding: 'utf8' }).trim()
  expect(one).toMatchObject({ value: { publicKey } })
  expect(publicKey).toMatch(/^ssh-ed25519 .* fleetmend-controller-b7d8$/)
})

test.each([
  { what: 'that others may read', options: ['-N', ''], mode: 0o640, says: 'chmod 600' },
  { what: 'with a passphrase', options: ['-N', 'open sesame'], mode: 0o600, says: 'with a passphrase' },
])('a given key $what is refused', async ({ options, mode, says }) => {
  const dataFolder = folder()
  const keyFile = join(dataFolder, 'given')
  execFileSync('ssh-keygen', ['-q', '-a', '1', '-t', 'ed25519', '-f', keyFile, ...options])
  chmodSync(keyFile, mode)
  const problem = { code: 'ssh-key-unusable', detail: expect.stringContaining(says) as string }
  expect(await openSshAccess({ dataFolder, fleet: 'b7d8', keyFile }).key()).toMatchObject({ ok: false, problem })
})

test('a given key is taken as it is, and one that was missing is looked for again', async () => {
  const dataFolder = folder()
  const keyFile = join(dataFolder, 'given')
  const access = openSshAccess({ dataFolder, fleet: 'b7d8', keyFile })
  expect(await access.key()).toMatchObject({
    ok: false,
    problem: { detail: expect.stringContaining('ENOENT') as string },
  })
  execFileSync('ssh-keygen', ['-q', '-t', 'ecdsa', '-N', '', '-f', keyFile])
  const [type, blob] = readFileSync(`${keyFile}.pub`, 'utf8').split(' ')
  expect(await access.key()).toMatchObject({ ok: true, value: { file: keyFile, publicKey: `${type} ${blob}` } })
})

test('what is in the place of its key and is none is not replaced', async () => {
  const dataFolder = folder()
  writeFileSync(join(dataFolder, 'ssh-key'), 'half a ke', { mode: 0o600 })
  expect(await openSshAccess({ dataFolder, fleet: 'b7d8' }).key()).toMatchObject({ ok: false })
  expect(readFileSync(join(dataFolder, 'ssh-key'), 'utf8')).toBe('half a ke')
})
