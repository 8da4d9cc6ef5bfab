import { describe, expect, test } from 'vitest'
import { denied, fakeNowMs, fakeReadHost, timedOut, type Entry, type FakeWorld } from './fake-read-host.ts'
import { fpmFacts, readFpm } from './fpm-facts.ts'
import type { FpmService } from './fpm-services.ts'
import { sampleMain, samplePoolFile, samplePoolText, sampleUnit } from './sample-facts.ts'
import { answered, fpmMaster, fpmWorker, sampleLog, sampleWebHost, unixListener } from './sample-web-host.ts'
import { readUnixListeners } from '../readings/listeners.ts'

interface Given {
  readonly tree?: Readonly<Record<string, Entry>>
  readonly answers?: FakeWorld['answers']
  readonly fastcgi?: FakeWorld['fastcgi']
  readonly service?: Partial<FpmService>
}

const running: FpmService = {
  service: 'php8.2-fpm',
  unit: sampleUnit(),
  phpVersion: '8.2',
  binary: '/usr/sbin/php-fpm8.2',
  configPath: sampleMain,
  master: fpmMaster,
}
const down = { master: null, unit: sampleUnit({ mainPid: 0 }) }
const queues = { ok: true, value: [readUnixListeners(unixListener('/run/php/php8.2-fpm.sock', 3))] } as const

async function look({ tree = {}, answers = {}, fastcgi = {}, service = {} }: Given = {}) {
  const world = { tree: { ...sampleWebHost.tree, ...tree }, answers: { ...sampleWebHost.answers, ...answers }, fastcgi }
  const host = fakeReadHost(world)
  const facts = await fpmFacts(host, await readFpm(host, { ...running, ...service }), sampleWebHost.processes, queues)
  return { host, facts }
}

const localMs = (time: string) => new Date(time).getTime()

test('a healthy service: its configuration, its pool with worker and queue, its log', async () => {
  const { facts } = await look()
  expect(facts).toMatchObject({
    service: 'php8.2-fpm',
    phpVersion: '8.2',
    config: { ok: true, value: { files: [{ path: sampleMain }, { path: samplePoolFile }], oddities: [] } },
    configTest: { ok: true, value: { passes: true, exitCode: 0, says: [] } },
    master: { pid: 100 },
    masterMemory: { peakRssKiB: 40_960 },
    pools: [
      { subject: 'php8.2-fpm/www', maxChildren: 5, workers: [fpmWorker], queue: { ok: true, value: { waiting: [3] } } },
    ],
    journal: { ok: true, value: [] },
    log: { ok: true, value: { path: sampleLog, entries: [{ event: 'ready' }] } },
  })
})

test('a service that is down is read from what is on disk', async () => {
  const { facts, host } = await look({ service: down })
  expect(facts).toMatchObject({
    master: null,
    masterMemory: null,
    loadedAtMs: null,
    config: { ok: true },
    log: { ok: true },
  })
  expect(facts.pools).toMatchObject([{ workers: [] }])
  expect(host.fastcgiRequests).toEqual([])
})

test('an include without a leading slash begins at the prefix of the binary', async () => {
  const { facts } = await look({
    service: { binary: '/usr/local/sbin/php-fpm' },
    tree: { [sampleMain]: 'include=etc/php-fpm.d/*.conf\n', '/usr/local/etc/php-fpm.d/shop.conf': '[shop]\n' },
  })
  expect(facts.pools.map((pool) => pool.name)).toEqual(['shop'])
})

test('a configuration that may not be read leaves nothing to tell of pools, but says why', async () => {
  const { facts } = await look({ tree: { [sampleMain]: denied } })
  expect(facts).toMatchObject({
    config: { ok: false, why: 'failed', says: `${sampleMain} cannot be read: permission denied` },
    configModifiedMs: null,
    pools: [],
  })
})

test('what FPM says of its configuration is taken line by line, and its exit code is the verdict', async () => {
  const printed = { exitCode: 78, stdout: 'not read', stderr: 'ERROR: unknown entry  \n\nERROR: failed to load\n' }
  const { facts, host } = await look({ answers: { 'fpm-config-test': printed } })
  expect(facts.configTest).toEqual({
    ok: true,
    value: { passes: false, exitCode: 78, says: ['ERROR: unknown entry', 'ERROR: failed to load'] },
  })
  const asked = host.questions.find((question) => question.tool === 'fpm-config-test')
  expect(asked).toMatchObject({ binary: '/usr/sbin/php-fpm8.2', config: sampleMain, planned: new Map() })
})

const wentDown = { unit: sampleUnit({ activeState: 'failed' }) }

test.each<{ is: string; answers: FakeWorld['answers']; expected: object }>([
  {
    is: 'whether FPM accepts its configuration',
    answers: { 'fpm-config-test': timedOut },
    expected: { configTest: timedOut },
  },
  { is: 'the journal', answers: { 'unit-journal php8.2-fpm': denied }, expected: { journal: denied } },
  {
    is: 'a journal that nobody keeps',
    answers: { 'unit-journal php8.2-fpm': { exitCode: 1, stdout: '', stderr: 'No journal files were found.\n' } },
    expected: { journal: { ok: false, why: 'failed', says: 'No journal files were found.' } },
  },
])('what cannot be learnt is said, and the rest is there: $is', async ({ answers, expected }) => {
  const { facts } = await look({ answers, service: wentDown })
  expect(facts).toMatchObject({ ...expected, config: { ok: true }, log: { ok: true } })
})

test('the journal of its own unit is read, and lines that are none are passed over', async () => {
  const entry = { __REALTIME_TIMESTAMP: '1795225489000000', MESSAGE: 'Started', _PID: '1' }
  const answers = { 'unit-journal php8.2-fpm': `${JSON.stringify(entry)}\nnot json\n`, 'unit-journal': 'of another' }
  const { facts } = await look({ answers, service: wentDown })
  expect(facts.journal).toMatchObject({
    ok: true,
    value: [{ atMs: 1_795_225_489_000, message: 'Started', identifier: 'systemd' }],
  })
})

test('the journal of a unit that is up is left alone', async () => {
  const { facts, host } = await look({})
  expect(facts.journal).toEqual({ ok: true, value: [] })
  expect(host.questions.map(({ tool }) => tool)).not.toContain('unit-journal')
})

test('drop-ins are taken as bytes', async () => {
  const dropInPaths = ['/etc/systemd/system/php8.2-fpm.service.d/a.conf', '/run/gone.conf']
  const tree = { [dropInPaths[0]!]: { bytes: Buffer.from('# caf\xe9\n', 'latin1') } }
  const { facts } = await look({ tree, service: { unit: sampleUnit({ dropInPaths }) } })
  expect(facts.dropIns).toEqual([{ path: dropInPaths[0], text: '# caf\xe9\n' }])
})

describe('the newest change of its configuration', () => {
  const at = (modifiedMs: number, text = '') => ({ text, modifiedMs })

  test.each<{ is: string; tree: Readonly<Record<string, Entry>>; ms: number }>([
    {
      is: 'that of its newest file',
      tree: { [sampleMain]: at(5, `include=${samplePoolFile}`), [samplePoolFile]: at(9) },
      ms: 9,
    },
    {
      is: 'that of the file behind a link',
      tree: { [samplePoolFile]: { link: '/srv/www.conf', modifiedMs: 3 }, '/srv/www.conf': at(9) },
      ms: 9,
    },
    {
      is: 'that of a link that was turned',
      tree: { [samplePoolFile]: { link: '/srv/www.conf', modifiedMs: 9 }, '/srv/www.conf': at(3) },
      ms: 9,
    },
    {
      is: 'not that of a file that is not included',
      tree: { [`${samplePoolFile}.bak`]: at(99), [samplePoolFile]: at(4) },
      ms: 4,
    },
  ])('is $is', async ({ tree, ms }) => {
    expect((await look({ tree })).facts.configModifiedMs).toBe(ms)
  })
})

describe('when it was last loaded', () => {
  const ready = (time: string) => `[${time}] NOTICE: ready to handle connections\n`
  const log = `${ready('20-Nov-2026 10:00:00')}${ready('21-Nov-2026 02:00:00')}[21-Nov-2026 02:30:00] NOTICE: Finishing ...\n`
  const early = sampleUnit({ execMainStartedMs: localMs('2026-11-20T10:00:00') })

  test('is what the status page says, before all', async () => {
    const status = JSON.stringify({ pool: 'www', 'total processes': 1, 'start time': 1_795_228_458 })
    const { facts } = await look({
      tree: { [sampleLog]: log, [samplePoolFile]: '[www]\nlisten = /run/x.sock\npm.status_path = /s\n' },
      fastcgi: { 'unix:/run/x.sock': answered(status) },
    })
    expect(facts.loadedAtMs).toBe(1_795_228_458_000)
  })

  test('is its last "ready" in the log, which a reload writes, too', async () => {
    const { facts } = await look({ tree: { [sampleLog]: log }, service: { unit: early } })
    expect(facts.loadedAtMs).toBe(localMs('2026-11-21T02:00:00'))
  })

  test.each<{ is: string; entry: Entry }>([
    { is: 'is older', entry: ready('19-Nov-2026 10:00:00') },
    { is: 'does not say', entry: '' },
    { is: 'may not be read', entry: denied },
  ])('is the start of the master when the log $is', async ({ entry }) => {
    const { facts } = await look({ tree: { [sampleLog]: entry }, service: { unit: early } })
    expect(facts.loadedAtMs).toBe(localMs('2026-11-20T10:00:00'))
  })

  test('is unknown when nothing says so', async () => {
    const { facts } = await look({
      tree: { [sampleLog]: '' },
      service: { unit: sampleUnit({ execMainStartedMs: null }) },
    })
    expect(facts.loadedAtMs).toBeNull()
  })
})

describe('the log', () => {
  const named = '/srv/named.log'
  const conf = (log: string) => ({ [sampleMain]: `error_log = ${log}\n`, [named]: '' })

  test.each<{ is: string; fd: Entry; path: string }>([
    { is: 'what the master has open', fd: { link: sampleLog }, path: sampleLog },
    { is: 'what is named, when the master writes to the journal', fd: { link: 'socket:[4711]' }, path: named },
    { is: 'what is named, when the master writes to nothing', fd: { link: '/dev/null' }, path: named },
    { is: 'what is named, when the open file was deleted', fd: { link: `${sampleLog} (deleted)` }, path: named },
    { is: 'what is named, when the master writes to a pipe of another', fd: { link: '/proc/1/fd/2' }, path: named },
    { is: 'what is named, when /proc does not tell', fd: denied, path: named },
  ])('is $is', async ({ fd, path }) => {
    const { facts } = await look({ tree: { ...conf(named), '/proc/100/fd/2': fd } })
    expect(facts.log).toMatchObject({ ok: true, value: { path } })
  })

  test.each<{ is: string; tree: Readonly<Record<string, Entry>>; gives: object }>([
    { is: 'syslog', tree: conf('syslog'), gives: { ok: false, why: 'missing', says: 'FPM logs to syslog' } },
    {
      is: 'named nowhere',
      tree: { [sampleMain]: '' },
      gives: { ok: false, why: 'missing', says: 'FPM logs to nowhere known' },
    },
    {
      is: 'named in a configuration that may not be read',
      tree: { [sampleMain]: denied },
      gives: { ok: false, why: 'failed', says: `where it is: ${sampleMain} cannot be read: permission denied` },
    },
    {
      is: 'its standard error, which would be our own under that name',
      tree: { ...conf('/proc/self/fd/2'), '/proc/self/fd/2': 'ours' },
      gives: { ok: false, why: 'missing', says: 'FPM logs to its standard error' },
    },
    { is: 'a file that may not be read', tree: { [sampleLog]: denied }, gives: denied },
    { is: 'a file that is not there', tree: conf('/srv/none.log'), gives: { ok: false, why: 'missing' } },
  ])('is not read when it is $is', async ({ tree, gives }) => {
    expect((await look({ tree, service: down })).facts.log).toMatchObject(gives)
  })

  test('is read from its end, in whole lines, where that reaches back far enough', async () => {
    const line = (i: number) => `[19-Nov-2026 02:00:00] NOTICE: fpm is running, pid ${i}\n`
    const long = Array.from({ length: 6000 }, (_, i) => line(100_000 + i)).join('')
    const { facts } = await look({ tree: { [sampleLog]: long } })
    const entries = facts.log.ok ? facts.log.value.entries : []
    expect(entries).toHaveLength(Math.floor((256 * 1024) / line(100_000).length))
    expect(entries.at(-1)).toMatchObject({ event: 'running', pid: 105_999 })
  })

  test.each([
    { pool: 'catch_workers_output = yes\ndecorate_workers_output = no', entries: 0 },
    { pool: 'catch_workers_output = yes', entries: 1 },
    { pool: 'decorate_workers_output = no', entries: 1 },
  ])('proves nothing where scripts write into it as they like: $pool', async ({ pool, entries }) => {
    const text = '[21-Nov-2026 02:00:00] WARNING: [pool www] child 7 exited on signal 11 (SIGSEGV) after 1.0 seconds\n'
    const { facts } = await look({ tree: { [sampleLog]: text, [samplePoolFile]: `${samplePoolText}${pool}\n` } })
    expect(facts.log.ok && facts.log.value.entries).toHaveLength(entries)
    expect(facts.log.ok && facts.log.value.unread !== undefined).toBe(entries === 0)
  })

  test('what stands in it is never taken for a path', async () => {
    const text =
      '[21-Nov-2026 02:00:00] WARNING: [pool www] child 7, script \'/srv/evil.php\' (request: "GET /srv/evil") execution timed out (3.1 sec), terminating\n'
    const { facts, host } = await look({ tree: { [sampleLog]: text } })
    expect(facts.log).toMatchObject({ ok: true, value: { entries: [{ event: 'terminated-by-timeout' }] } })
    expect([...host.touched].filter((path) => path.startsWith('/srv'))).toEqual([])
  })
})

describe('without a unit', () => {
  const alone = { unit: null, master: null }
  const pid = { '/run/php/php8.2-fpm.pid': { text: '4711\n', modifiedMs: 5 } }

  test('there is no journal to read', async () => {
    const { facts, host } = await look({ service: { unit: null } })
    expect(facts).toMatchObject({ service: 'php8.2-fpm', unit: null, journal: { ok: false, why: 'missing' } })
    expect(host.questions.map(({ tool }) => tool)).not.toContain('unit-journal')
  })

  test('the start of the master is that of its process', async () => {
    const tree = { '/proc/uptime': '100.00 50.00\n', [sampleLog]: '' }
    const { facts } = await look({ tree, service: { unit: null } })
    expect(facts.loadedAtMs).toBe(fakeNowMs - 100_000 + fpmMaster.startTicks * 10)
  })

  test('a pid file that a master left behind is known', async () => {
    const { facts } = await look({ tree: pid, service: alone })
    expect(facts.pidFile).toEqual({ path: '/run/php/php8.2-fpm.pid', pid: 4711, writtenMs: 5 })
  })

  test.each<{ is: string; tree?: Readonly<Record<string, Entry>>; service: Partial<FpmService> }>([
    { is: 'there is none', service: alone },
    { is: 'it names nobody', tree: { '/run/php/php8.2-fpm.pid': 'soon\n' }, service: alone },
    { is: 'the master runs', tree: pid, service: { unit: null } },
    { is: 'a unit keeps the story', tree: pid, service: down },
    { is: 'none is named', tree: { ...pid, [sampleMain]: '' }, service: alone },
  ])('none is where $is', async ({ tree = {}, service }) => {
    expect((await look({ tree, service })).facts.pidFile).toBeNull()
  })
})

// systemd 252 shows the link itself as the unit's file, systemd 247 what it leads to.
test.each(['/etc/systemd/system/php8.2-fpm.service', '/dev/null'])(
  'a mask, with the unit at %s, is the link',
  async (fragmentPath) => {
    const path = '/etc/systemd/system/php8.2-fpm.service'
    const unit = sampleUnit({ mainPid: 0, loadState: 'masked', fragmentPath })
    const { facts } = await look({ service: { master: null, unit }, tree: { [path]: { link: '/dev/null' } } })
    expect(facts.mask).toMatchObject({ path, leadsTo: '/dev/null' })
  },
)
