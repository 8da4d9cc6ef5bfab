import { readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { keepLastGood } from './keep-last-good.ts'
import { newestGood } from './state/last-good.ts'
import type { StateFolder } from './state/state-folder.ts'
import { temporaryState } from './state/temporary-state.ts'
import { fakeNowMs, fakeReadHost, type Entry, type FakeWorld } from './survey/fake-read-host.ts'
import { sampleMain, samplePoolFile, samplePoolText } from './survey/sample-facts.ts'
import { fpmMaster, nginxMaster, sampleProcess, sampleWebHost } from './survey/sample-web-host.ts'

const fpm = 'php8.2-fpm'
const loadedMs = fakeNowMs - 60_000
const pidFile = (modifiedMs = loadedMs) => ({ [`/run/php/${fpm}.pid`]: { text: '100\n', modifiedMs } })
/** nginx's workers have run for an hour. */
const uptime = { '/proc/uptime': '3605.10 1\n' }
const refused = { exitCode: 78, stdout: '', stderr: 'unknown entry' }

function world(tree: Readonly<Record<string, Entry>> = {}, changes: FakeWorld = {}) {
  return fakeReadHost({
    ...sampleWebHost,
    ...changes,
    tree: { ...sampleWebHost.tree, ...uptime, ...pidFile(), ...tree },
    answers: { ...sampleWebHost.answers, ...changes.answers },
  })
}
const poolAt = (changedMs: number, text = samplePoolText) => ({ [samplePoolFile]: { text, modifiedMs: 0, changedMs } })
const other = samplePoolText.replace('pm.max_children = 5', 'pm.max_children = 9')

const newest = async (state: StateFolder, service = fpm) => (await newestGood(state, service))?.version ?? null
const testsOf = ({ questions }: ReturnType<typeof world>) =>
  questions.map(({ tool }) => tool).filter((tool) => tool.endsWith('-config-test'))

test('what runs and passes is kept whole: files as they are named, links with where they lead, patterns', async () => {
  await using folder = await temporaryState()
  expect(await keepLastGood(world(), folder.state)).toEqual([])
  const php = await newest(folder.state)
  expect(php?.files.map(({ path }) => path)).toEqual([sampleMain, samplePoolFile])
  expect(php?.files[1]).toMatchObject({ text: samplePoolText, leadsTo: null })
  expect(php?.patterns).toEqual(['/etc/php/8.2/fpm/pool.d/*.conf'])
  expect(php?.loadedAt).toBe(new Date(loadedMs).toISOString())
  const nginx = await newest(folder.state, 'nginx')
  expect(nginx?.files.map(({ path, leadsTo }) => [path, leadsTo])).toEqual([
    ['/etc/nginx/nginx.conf', null],
    ['/etc/nginx/sites-enabled/shop', '/etc/nginx/sites-available/shop'],
  ])
})

test('nothing is read that a configuration only names: no key, no certificate, no file of passwords', async () => {
  await using folder = await temporaryState()
  const secrets = ['/etc/ssl/private/shop.key', '/etc/ssl/shop.pem', '/etc/nginx/.htpasswd']
  const site = `server { listen 443 ssl; ssl_certificate ${secrets[1]}; ssl_certificate_key ${secrets[0]}; auth_basic_user_file ${secrets[2]}; }\n`
  const host = world({
    '/etc/nginx/sites-available/shop': site,
    ...Object.fromEntries(secrets.map((path) => [path, 'hunter2'])),
  })
  await keepLastGood(host, folder.state)
  expect((await newest(folder.state, 'nginx'))?.files.at(-1)?.text).toBe(site)
  expect([...host.touched].filter((path) => secrets.includes(path))).toEqual([])
  expect(JSON.stringify(await newest(folder.state, 'nginx'))).not.toContain('hunter2')
})

test.each<{ what: string; tree?: Readonly<Record<string, Entry>>; changes?: FakeWorld }>([
  { what: 'a file was changed after the load', tree: poolAt(loadedMs + 5000) },
  { what: 'a file was changed within the second before the load', tree: poolAt(loadedMs - 500) },
  {
    what: 'something came into the folder, or went, after the load',
    tree: { '/etc/php/8.2/fpm/pool.d': { is: 'directory', modifiedMs: loadedMs + 5000 } },
  },
  { what: 'it is refused', changes: { answers: { 'fpm-config-test': refused } } },
  {
    what: 'the test cannot be made',
    changes: { answers: { 'fpm-config-test': { ok: false, why: 'denied', says: '' } } },
  },
  { what: 'it does not run', changes: { processes: [nginxMaster] } },
  {
    what: 'the pid file is of another process, and nothing tells when it started',
    tree: { ...pidFile(), '/proc/uptime': 'x', [`/run/php/${fpm}.pid`]: '99\n' },
  },
])('nothing is kept of a service where $what', async ({ tree, changes }) => {
  await using folder = await temporaryState()
  await keepLastGood(world(tree, changes), folder.state)
  expect(await newest(folder.state)).toBeNull()
})

test('while all of it looks the same nothing is read and nothing tested again', async () => {
  await using folder = await temporaryState()
  const first = world()
  await keepLastGood(first, folder.state)
  expect(testsOf(first).toSorted()).toEqual(['fpm-config-test', 'nginx-config-test'])
  const second = world()
  await keepLastGood(second, folder.state)
  expect(testsOf(second)).toEqual([])
  expect(await readdir(join(folder.state.lastGood, fpm))).toHaveLength(2)
})

test('the same bytes written anew are the same version; an edit is one once it is loaded', async () => {
  await using folder = await temporaryState()
  await keepLastGood(world(), folder.state)
  const kept = await newest(folder.state)
  const touched = world(poolAt(loadedMs + 5000))
  await keepLastGood(touched, folder.state)
  expect(testsOf(touched)).toEqual([])
  expect(await newest(folder.state)).toEqual(kept)

  await keepLastGood(world(poolAt(loadedMs + 6000, other)), folder.state)
  expect(await newest(folder.state)).toEqual(kept)
  await keepLastGood(world({ ...poolAt(loadedMs + 6000, other), ...pidFile(loadedMs + 9000) }), folder.state)
  expect((await newest(folder.state))?.files[1]?.text).toBe(other)
})

test('which load it was last seen in is known, and forgotten where a load came that it may not have been in', async () => {
  await using folder = await temporaryState()
  const mark = async () => (await newestGood(folder.state, fpm))?.standing?.loadMark
  await keepLastGood(world(), folder.state)
  const first = await mark()
  await keepLastGood(world(pidFile(loadedMs + 9000)), folder.state)
  const second = await mark()
  await keepLastGood(world({ ...poolAt(loadedMs + 12_000), ...pidFile(loadedMs + 9000) }), folder.state)
  expect(await mark()).toBe(second)
  expect([first, second]).toEqual([`100 at ${loadedMs}`, `100 at ${loadedMs + 9000}`])
  // Another version was loaded in between and taken back, and neither was seen.
  await keepLastGood(world({ ...poolAt(loadedMs + 20_000), ...pidFile(loadedMs + 15_000) }), folder.state)
  expect(await mark()).toBeNull()
  await keepLastGood(world({ ...poolAt(loadedMs + 20_000), ...pidFile(loadedMs + 15_000) }), folder.state)
  expect(await mark()).toBeNull()
})

test('files written just before a load are loaded where it is known that they came first', async () => {
  const written = poolAt(loadedMs - 400, other)
  const cases = [
    { toldMs: loadedMs - 300, isKept: true },
    { toldMs: loadedMs - 600, isKept: false },
    // It ran already when it was told to start.
    { toldMs: loadedMs + 300, isKept: false },
  ]
  for (const { toldMs, isKept } of cases) {
    await using folder = await temporaryState()
    await keepLastGood(world(written), folder.state, new Map([[fpm, toldMs]]))
    expect({ toldMs, isKept: (await newest(folder.state)) !== null }).toEqual({ toldMs, isKept })
  }
})

test('workers of nginx that are all new are a load, whatever the old ones still finish', async () => {
  await using folder = await temporaryState()
  const edited = { '/etc/nginx/sites-available/shop': { text: 'server { }\n', modifiedMs: fakeNowMs - 700_000 } }
  await keepLastGood(world(edited), folder.state)
  expect(await newest(folder.state, 'nginx')).toBeNull()
  const fresh = { ...sampleProcess(52, 50, 'nginx: worker process', 33), startTicks: 310_000 }
  const leaving = sampleProcess(51, 50, 'nginx: worker process is shutting down', 33)
  await keepLastGood(world(edited, { processes: [fpmMaster, nginxMaster, leaving, fresh] }), folder.state)
  expect((await newest(folder.state, 'nginx'))?.files.at(-1)?.text).toBe('server { }\n')
})
