import { appendFile, readdir, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import {
  isSameGood,
  keepGood,
  keptVersions,
  newestGood,
  newestStanding,
  renewStanding,
  type GoodVersion,
} from './last-good.ts'
import { temporaryState } from './temporary-state.ts'

const version = (minute: number, text: string, changes: Partial<GoodVersion> = {}): GoodVersion => ({
  format: 'fleetmend.last-good/1',
  service: 'php8.2-fpm',
  keptAt: `2026-11-21T03:${String(minute).padStart(2, '0')}:00.000Z`,
  loadedAt: '2026-11-21T02:00:00.000Z',
  files: [{ path: '/etc/php/8.2/fpm/pool.d/www.conf', leadsTo: null, text, mode: 0o640, uid: 0, gid: 33 }],
  patterns: ['/etc/php/8.2/fpm/pool.d/*.conf'],
  ...changes,
})
const seen = {
  places: [{ path: '/etc/php', looks: 'directory 755' }],
  changedMs: 5,
  loadMark: 'one',
  loadedMs: 4,
  pidFile: null,
}

const versionsIn = async (folder: string) =>
  (await readdir(folder)).filter((name) => name !== 'standing.json').toSorted()

test('what was kept is read again, every byte of it', async () => {
  await using folder = await temporaryState()
  const bytes = version(1, Array.from({ length: 256 }, (_, code) => String.fromCharCode(code)).join(''))
  expect(await keepGood(folder.state, bytes, seen)).toEqual({ ok: true })
  const newest = await newestGood(folder.state, 'php8.2-fpm')
  expect(newest?.version).toEqual(bytes)
  expect(newest?.standing).toEqual({ version: newest?.name, ...seen })
})

test('nobody but root gets at it', async () => {
  await using folder = await temporaryState()
  await keepGood(folder.state, version(1, 'env[KEY] = secret'), seen)
  const place = join(folder.state.lastGood, 'php8.2-fpm')
  const modes = await Promise.all(
    [folder.state.sealed, folder.state.lastGood, place, ...(await readdir(place)).map((name) => join(place, name))].map(
      async (path) => (await stat(path)).mode & 0o077,
    ),
  )
  expect(modes).toEqual(modes.map(() => 0))
})

test('the newest versions stay, each once, and each service has its own', async () => {
  await using folder = await temporaryState()
  for (let minute = 0; minute < 12; minute++) await keepGood(folder.state, version(minute, `${minute}`), seen)
  await keepGood(folder.state, version(20, '9'), seen)
  await keepGood(folder.state, version(21, 'x', { service: 'nginx' }), seen)
  const names = await versionsIn(join(folder.state.lastGood, 'php8.2-fpm'))
  expect(names.map((name) => name.slice(9, 13))).toEqual(['0307', '0308', '0310', '0311', '0320'])
  expect(names).toHaveLength(keptVersions)
  expect((await newestGood(folder.state, 'php8.2-fpm'))?.version.files[0]?.text).toBe('9')
  expect((await newestGood(folder.state, 'nginx'))?.version.files[0]?.text).toBe('x')
})

test('big versions are fewer, and the newest is there however big', async () => {
  await using folder = await temporaryState()
  for (let minute = 0; minute < 4; minute++)
    await keepGood(folder.state, version(minute, `${minute}`.repeat(10 * 1024 * 1024)), seen)
  expect(await versionsIn(join(folder.state.lastGood, 'php8.2-fpm'))).toHaveLength(2)
  expect((await newestGood(folder.state, 'php8.2-fpm'))?.version.keptAt).toContain('03:03')
})

test('a version that is not what was written is none, and the one before counts', async () => {
  await using folder = await temporaryState()
  await keepGood(folder.state, version(1, 'one'), seen)
  await keepGood(folder.state, version(2, 'two'), seen)
  const place = join(folder.state.lastGood, 'php8.2-fpm')
  const [first = '', second = ''] = await versionsIn(place)
  await writeFile(join(place, second), JSON.stringify(version(2, 'two, with a line that somebody added')))
  expect((await newestGood(folder.state, 'php8.2-fpm'))?.version.files[0]?.text).toBe('one')
  await appendFile(join(place, first), 'half a line')
  expect(await newestGood(folder.state, 'php8.2-fpm')).toBeNull()
})

test('how it was seen is believed of the newest version only', async () => {
  await using folder = await temporaryState()
  expect(await newestStanding(folder.state, 'php8.2-fpm')).toBeNull()
  await keepGood(folder.state, version(1, 'one'), seen)
  const first = await newestStanding(folder.state, 'php8.2-fpm')
  expect(first?.loadMark).toBe('one')
  await keepGood(folder.state, version(2, 'two'), seen)
  await renewStanding(folder.state, 'php8.2-fpm', { ...first!, loadMark: 'two' })
  expect(await newestStanding(folder.state, 'php8.2-fpm')).toBeNull()
  expect((await newestGood(folder.state, 'php8.2-fpm'))?.standing).toBeNull()
})

test('no name of a service leads out of the folder', async () => {
  await using folder = await temporaryState()
  await keepGood(folder.state, version(1, 'one'), seen)
  const names = async () => (await readdir(folder.state.root, { recursive: true })).toSorted()
  const before = await names()
  expect(await newestStanding(folder.state, 'php8.2-fpm')).not.toBeNull()
  for (const service of ['../last-good/php8.2-fpm', './php8.2-fpm', 'php8.2-fpm/', 'php8.2-fpm/../nginx', '..']) {
    expect(await newestStanding(folder.state, service)).toBeNull()
    expect(await keepGood(folder.state, version(2, 'two', { service }), seen)).toEqual({ ok: true })
  }
  expect(await names()).toEqual(before)
})

test('a mode, an owner and a link are part of a version; times are not', () => {
  const one = version(1, 'x')
  const [file] = one.files
  expect(isSameGood(one, version(2, 'x', { loadedAt: '2026-11-21T02:30:00.000Z' }))).toBe(true)
  for (const change of [{ mode: 0o600 }, { uid: 1 }, { gid: 1 }, { leadsTo: '/srv/www.conf' }, { text: 'y' }])
    expect(isSameGood(one, { ...one, files: [{ ...file!, ...change }] })).toBe(false)
  expect(isSameGood(one, { ...one, patterns: [] })).toBe(false)
})
