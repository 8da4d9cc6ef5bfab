import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmod, mkdir, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { expect, test } from 'vitest'
import { acceptHostKey, knownHostsOf } from './known-hosts-files.ts'
import { sampleHostKey } from './sample-host-keys.ts'

const [shown, other] = [sampleHostKey('-t', 'ed25519'), sampleHostKey('-t', 'ed25519')]

async function place() {
  const folder = await mkdtemp(join(tmpdir(), 'fleetmend-known-hosts-'))
  const file = join(folder, '.ssh', 'known_hosts')
  return {
    folder,
    file,
    target: {
      hostName: 'Web-1',
      port: 2222,
      hostKeyAlias: null,
      knownHostsFiles: [file, join(folder, 'ssh_known_hosts')],
      newKeysFile: file,
      hashKnownHosts: false,
    },
    [Symbol.asyncDispose]: () => rm(folder, { recursive: true, force: true }),
  }
}

function foundByKeygen(name: string, file: string): string {
  return spawnSync('ssh-keygen', ['-F', name, '-f', file], { encoding: 'utf8' }).stdout
}

test('without files nothing is known, and every type is asked for', async () => {
  await using here = await place()
  const known = await knownHostsOf(here.target)
  expect(known.ok && known.value.judge(shown.blob).kind).toBe('unknown')
  expect(known.ok && known.value.algorithms).toHaveLength(6)
})

test("the machine's file counts as the person's own does", async () => {
  await using here = await place()
  await writeFile(join(here.folder, 'ssh_known_hosts'), `[web-1]:2222 ${shown.text}\n`)
  const known = await knownHostsOf(here.target)
  expect(known.ok && known.value.judge(shown.blob)).toMatchObject({ kind: 'known', as: { line: 1 } })
})

test('a file that cannot be read is a problem: it may hold the key that was revoked', async () => {
  await using here = await place()
  await mkdir(here.file, { recursive: true })
  const known = await knownHostsOf(here.target)
  expect(known).toMatchObject({ ok: false, problem: { code: 'ssh-known-hosts-unusable' } })
  expect(known.ok || known.problem.detail).toContain(here.file)
})

test('an accepted key is one that ssh-keygen finds, in a file and a folder of one person', async () => {
  await using here = await place()
  expect(await acceptHostKey(here.target, shown.blob)).toMatchObject({ ok: true, value: { kind: 'known' } })
  expect(await readFile(here.file, 'utf8')).toBe(`[web-1]:2222 ${shown.text}\n`)
  expect(foundByKeygen('[web-1]:2222', here.file)).toContain('found: line 1')
  expect((await stat(here.file)).mode & 0o777).toBe(0o600)
  expect((await stat(dirname(here.file))).mode & 0o777).toBe(0o700)
})

test('hashed, it is found by those who know the name alone', async () => {
  await using here = await place()
  await acceptHostKey({ ...here.target, hashKnownHosts: true }, shown.blob)
  expect(await readFile(here.file, 'utf8')).toMatch(/^\|1\|[\w+/=]+\|[\w+/=]+ ssh-ed25519 /)
  expect(foundByKeygen('[web-1]:2222', here.file)).toContain('found: line 1')
  expect(foundByKeygen('web-1', here.file)).toBe('')
})

test('what was there stays byte for byte, also half a line and bytes that are no text', async () => {
  await using here = await place()
  const before = Buffer.from(`# mine\r\n\n\xff\xfe odd\nweb-2 ${other.text.slice(0, 40)}`, 'latin1')
  await mkdir(dirname(here.file))
  await writeFile(here.file, before)
  await chmod(here.file, 0o644)
  await acceptHostKey(here.target, shown.blob)
  const after = await readFile(here.file)
  expect(after.subarray(0, before.length).equals(before)).toBe(true)
  expect(after.subarray(before.length).toString()).toBe(`\n[web-1]:2222 ${shown.text}\n`)
  expect((await stat(here.file)).mode & 0o777).toBe(0o644)
})

test('a key that contradicts what is known is not written down, and neither is a known one again', async () => {
  await using here = await place()
  await acceptHostKey(here.target, shown.blob)
  const before = await readFile(here.file, 'utf8')
  expect(await acceptHostKey(here.target, other.blob)).toMatchObject({ ok: true, value: { kind: 'changed' } })
  expect(await acceptHostKey(here.target, shown.blob)).toMatchObject({ ok: true, value: { kind: 'known' } })
  expect(await readFile(here.file, 'utf8')).toBe(before)
})

test('where nothing is kept the key stays unknown', async () => {
  await using here = await place()
  expect(await acceptHostKey({ ...here.target, newKeysFile: null }, shown.blob)).toMatchObject({
    ok: true,
    value: { kind: 'unknown' },
  })
})

test('processes that write at the same time lose nothing of each other', async () => {
  await using here = await place()
  const module = join(import.meta.dirname, 'known-hosts-files.ts')
  const names = [0, 1].map((process) => Array.from({ length: 10 }, (_, index) => `web-${process}-${index}`))
  const script = `
    const [module, target, names, key] = process.argv.slice(1).map((text) => JSON.parse(text))
    const { acceptHostKey } = await import(module)
    const accept = (hostName) => acceptHostKey({ ...target, hostName, port: 22 }, Buffer.from(key, 'base64'))
    await Promise.all(names.map(accept))`
  const codes = await Promise.all(
    names.map(async (some) => {
      const args = [module, here.target, some, shown.blob.toString('base64')].map((value) => JSON.stringify(value))
      const [code] = await once(spawn(process.execPath, ['--input-type=module', '-e', script, ...args]), 'exit')
      return code as unknown
    }),
  )
  expect(codes).toEqual([0, 0])
  const lines = (await readFile(here.file, 'utf8')).split('\n').filter((line) => line !== '')
  expect(lines.toSorted()).toEqual(
    names
      .flat()
      .map((name) => `${name} ${shown.text}`)
      .toSorted(),
  )
})
