import { chmod, mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { ssh2Driver, type SshConnection } from '@fleetmend/ssh'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { hostWithKey } from '../../../ssh/src/drivers/loopback-host.ts'
import { agentFilesHere, type AgentFiles } from './agent-files.ts'
import type { SeenHost } from './look-at-host.ts'
import { putAgent, type PutOptions } from './put-agent.ts'

const never = new AbortController().signal

let folder: string
let connection: SshConnection
let files: AgentFiles
let seen: SeenHost

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fleetmend-put-'))
  files = await filesOf('built', '#!/bin/sh\nexit 0\n')
  seen = {
    ...{
      architecture: 'x64',
      uid: process.getuid?.() ?? 0,
      asRoot: (program) => program,
      hasSystemd: false,
      agent: null,
    },
    cacheFolder: join(folder, 'home', '.cache'),
  }
  await mkdir(join(folder, 'home'))
  const { target } = await hostWithKey()
  const connected = await ssh2Driver({ askPassphrase: null }).connect(target, never)
  if (!connected.ok) throw new Error(connected.problem.detail)
  connection = connected.value
})
afterEach(async () => {
  await connection[Symbol.asyncDispose]()
  await rm(folder, { recursive: true })
})

/** As the build leaves them; the runtime is whatever starts. */
async function filesOf(name: string, runtime: string): Promise<AgentFiles> {
  const built = join(folder, name)
  await mkdir(join(built, 'x64'), { recursive: true })
  await writeFile(join(built, 'x64', 'node'), runtime)
  await writeFile(join(built, 'x64', 'libatomic.so.1'), 'a library')
  for (const file of ['fleetmend-agent.cjs', 'agent.cjs', 'agent.cjs.cache'])
    await writeFile(join(built, file), file.repeat(9000))
  const found = await agentFilesHere({
    ...{ environment: { FLEETMEND_AGENT_FILES: built }, entry: undefined },
    runtime: { path: '/nowhere', platform: 'linux', architecture: 'arm64' },
  })('x64')
  if (!found.ok) throw new Error(found.problem.detail)
  return found.value
}

async function put(
  keep = false,
  agent = files,
  near = join(folder, 'none'),
  sent: PutOptions['sent'] = () => undefined,
) {
  const done = await putAgent(connection, seen, agent, { signal: never, keep, near, canApply: false, sent })
  if (!done.ok) throw new Error(done.problem.code)
  return done.value
}

const placeOf = (agent: { readonly command: readonly string[] }) => dirname(agent.command.at(-1) ?? '')

const home = (): Promise<string[]> => readdir(join(folder, 'home'), { recursive: true })

test('what is put there can be entered by its owner alone, and nothing is left of it', async () => {
  const agent = await put()
  const place = placeOf(agent)
  expect((await readdir(place)).toSorted()).toEqual([
    'agent.cjs',
    'agent.cjs.cache',
    'fleetmend-agent.cjs',
    'libatomic.so.1',
    'node',
  ])
  expect((await stat(place)).mode & 0o777).toBe(0o700)
  expect((await stat(join(place, 'node'))).mode & 0o111).not.toBe(0)
  expect(await agent.remove()).toBe(null)
  expect(await home()).toEqual([])
})

test('what was there before is left there', async () => {
  await mkdir(join(seen.cacheFolder, 'other'), { recursive: true })
  await (await put()).remove()
  expect(await home()).toEqual(['.cache', '.cache/other'])
})

test('two at once have a folder each', async () => {
  const [one, two] = await Promise.all([put(), put()])
  expect(placeOf(one)).not.toBe(placeOf(two))
  expect(await one.remove()).toBe(null)
  expect((await stat(placeOf(two))).isDirectory()).toBe(true)
  expect(await two.remove()).toBe(null)
  expect(await readdir(join(seen.cacheFolder, 'fleetmend')).catch(() => [])).toEqual([])
})

test('what is kept is used by the next, and taken away by none', async () => {
  const first = await put(true)
  expect(await first.remove()).toBe(null)
  const second = await put()
  expect(second.command).toEqual(first.command)
  await second.remove()
  expect(await readdir(join(seen.cacheFolder, 'fleetmend'))).toEqual([files.digest])
})

test.each([
  { what: 'a changed byte', spoil: (kept: string) => writeFile(join(kept, 'agent.cjs'), 'evil()') },
  { what: 'a file that is gone', spoil: (kept: string) => rm(join(kept, 'agent.cjs.cache')) },
])('what is kept is not run with $what, and is kept anew where that is asked for', async ({ spoil }) => {
  const kept = join(seen.cacheFolder, 'fleetmend', files.digest)
  await put(true)
  await spoil(kept)
  const own = await put()
  expect(placeOf(own).startsWith(`${kept}.`)).toBe(true)
  await own.remove()
  expect(placeOf(await put(true))).toBe(kept)
  expect(placeOf(await put())).toBe(kept)
})

test('what is kept is not run from a folder that others may enter', async () => {
  await put(true)
  const kept = join(seen.cacheFolder, 'fleetmend', files.digest)
  await chmod(kept, 0o777)
  const own = await put()
  expect(placeOf(own).startsWith(`${kept}.`)).toBe(true)
})

test('nor where it is to be kept: then it is put there anew, for its owner alone', async () => {
  await put(true)
  const kept = join(seen.cacheFolder, 'fleetmend', files.digest)
  await chmod(kept, 0o777)
  expect(placeOf(await put(true))).toBe(kept)
  expect((await stat(kept)).mode & 0o777).toBe(0o700)
})

test('what the host has already is not sent, and what differs there is', async () => {
  const bytes: number[] = []
  const near = placeOf(await put(true))
  const newer = await filesOf('newer', '#!/bin/sh\nexit 0 # newer\n')
  const all = await newer.packed(newer.files.map(({ name }) => name))
  const agent = await put(false, newer, near, (_, of) => bytes.push(of))
  const place = placeOf(agent)
  expect((await readdir(place)).toSorted()).toEqual(newer.files.map(({ name }) => name).toSorted())
  expect(await readFile(join(place, 'node'), 'utf8')).toContain('newer')
  expect((await stat(join(place, 'fleetmend-agent.cjs'))).mode & 0o777).toBe(0o755)
  expect(Math.max(...bytes)).toBeLessThan(all.length)
  expect(Math.max(...bytes)).toBe((await newer.packed(['node'])).length)
})

test('other files have another place', async () => {
  const others = await filesOf('newer', '#!/bin/sh\nexit 0 # newer\n')
  expect(others.digest).not.toBe(files.digest)
})

test.each([
  { runtime: '#!/bin/sh\nexit 1\n', code: 'ssh-agent-not-started' },
  {
    runtime:
      '#!/bin/sh\necho "node: error while loading shared libraries: libstdc++.so.6: cannot open" >&2; exit 127\n',
    code: 'ssh-host-unsuited',
  },
])('what does not start there is taken away again: $code', async ({ runtime, code }) => {
  const broken = await filesOf('broken', runtime)
  await expect(put(false, broken)).rejects.toThrow(code)
  expect(await home()).toEqual([])
})

test('whoever leaves while it is put there leaves nothing behind', async () => {
  const enough = new AbortController()
  const putting = putAgent(connection, seen, files, {
    ...{ signal: enough.signal, keep: true, near: folder, canApply: false },
    sent: () => enough.abort(new Error('enough')),
  })
  await expect(putting).rejects.toThrow('enough')
  expect(await home()).toEqual([])
})

test('a home that is not there is said', async () => {
  await rm(join(folder, 'home'), { recursive: true })
  await expect(put()).rejects.toThrow('ssh-no-place')
})
