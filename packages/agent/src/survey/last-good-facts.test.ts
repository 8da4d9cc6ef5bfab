import { expect, test } from 'vitest'
import { fakeReadHost, type Entry } from './fake-read-host.ts'
import { lastGoodFacts, type GoodConfig, type InQuestion } from './last-good-facts.ts'

const folder = '/etc/php/8.2/fpm/pool.d'
const www = `${folder}/www.conf`
const file = (path: string, text: string, leadsTo: string | null = null) => ({
  ...{ path, text, leadsTo },
  ...{ mode: 0o640, uid: 0, gid: 33 },
})
const good: GoodConfig = {
  loadedAtMs: 1000,
  files: [file(www, '[www]\n')],
  patterns: [`${folder}/*.conf`],
  loadMark: '7 at 900',
  pidFile: '/run/php.pid',
}
const down: InQuestion = {
  service: 'php8.2-fpm',
  master: null,
  configTest: { ok: true, value: { passes: false, exitCode: 78, says: [] } },
  modifiedMs: 2000,
  loadedAtMs: null,
}
const master = { pid: 7, parentPid: 1, state: 'S', startTicks: 1, cpuTicks: 1, comm: '', title: '', uid: 0 }
const passing = { ok: true, value: { passes: true, exitCode: 0, says: [] } } as const

const compared = (tree: Readonly<Record<string, Entry>>, kept: GoodConfig = good, asked: InQuestion = down) =>
  lastGoodFacts(
    fakeReadHost({ tree }),
    async () => kept,
    asked,
    async () => ({ atMs: 900, mark: '7 at 900' }),
  )

test.each<{ what: string; tree: Readonly<Record<string, Entry>>; differing: readonly unknown[] }>([
  { what: 'nothing', tree: { [www]: '[www]\n' }, differing: [] },
  {
    what: 'a line',
    tree: { [www]: { text: '[ww]\n', modifiedMs: 2000 } },
    differing: [{ path: www, good: '[www]\n', now: '[ww]\n', changedAtMs: 2000 }],
  },
  {
    what: 'a copy that kept the time of an older file',
    tree: { [www]: { text: '[ww]\n', modifiedMs: 500, changedMs: 2500 } },
    differing: [{ path: www, changedAtMs: 2500 }],
  },
  { what: 'a file that is gone', tree: {}, differing: [{ path: www, now: null, changedAtMs: null }] },
  {
    what: 'a file that appeared, where an include looks',
    tree: {
      [www]: '[www]\n',
      [`${folder}/zz.conf`]: { text: '[zz]\n', modifiedMs: 3000 },
      [`${folder}/zz.conf.bak`]: 'none of it',
    },
    differing: [{ path: `${folder}/zz.conf`, good: null, now: '[zz]\n', was: null, changedAtMs: 3000 }],
  },
  {
    what: 'a link that appeared',
    tree: { [www]: '[www]\n', [`${folder}/zz.conf`]: { link: '/srv/zz.conf' }, '/srv/zz.conf': '[zz]\n' },
    differing: [{ path: `${folder}/zz.conf`, good: null, leadsTo: '/srv/zz.conf' }],
  },
  // Why it cannot be read is for FPM to say; a guess would be restored over it.
  {
    what: 'nothing that can be known',
    tree: { [www]: { ok: false, why: 'denied', says: 'permission denied' } },
    differing: [],
  },
])('$what differs', async ({ tree, differing }) => {
  const facts = await compared(tree)
  expect(facts?.differing).toMatchObject(differing)
  expect(facts?.differing).toHaveLength(differing.length)
})

test('a link whose file is gone still tells where that was', async () => {
  const linked = { ...good, files: [file(www, '[www]\n', '/srv/www.conf')] }
  const [gone] = (await compared({ [www]: { link: '/srv/www.conf' } }, linked))?.differing ?? []
  expect(gone).toMatchObject({ now: null, leadsTo: '/srv/www.conf' })
  const [unlinked] = (await compared({ '/srv/www.conf': '[www]\n' }, linked))?.differing ?? []
  expect(unlinked).toMatchObject({ now: null, leadsTo: null })
})

test('the version runs while the last load is the one it was seen in', async () => {
  const refused = { ...down, master, loadedAtMs: 900 }
  expect((await compared({}, good, refused))?.isRunning).toBe(true)
  expect((await compared({}, { ...good, loadMark: '7 at 300' }, refused))?.isRunning).toBe(false)
  expect((await compared({}, { ...good, loadMark: null }, refused))?.isRunning).toBe(false)
  expect((await compared({}, good))?.isRunning).toBe(false)
})

test.each<{ what: string; asked: InQuestion; isRead: boolean }>([
  {
    what: 'it runs with what is there, which passes',
    asked: { ...down, master, configTest: passing, loadedAtMs: 2500 },
    isRead: false,
  },
  {
    what: 'it was edited since it was loaded',
    asked: { ...down, master, configTest: passing, loadedAtMs: 1500 },
    isRead: true,
  },
  { what: 'what is there is refused', asked: { ...down, master, loadedAtMs: 2500 }, isRead: true },
  { what: 'it is down', asked: { ...down, configTest: passing }, isRead: true },
])('what was kept is read: $isRead, where $what', async ({ asked, isRead }) => {
  let reads = 0
  const kept = async () => {
    reads++
    return null
  }
  expect(await lastGoodFacts(fakeReadHost(), kept, asked, async () => null)).toBeNull()
  expect(reads > 0).toBe(isRead)
})
