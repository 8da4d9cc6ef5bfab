import { describe, expect, test } from 'vitest'
import {
  denied,
  fakeNowMs,
  fakeReadHost,
  timedOut,
  type Entry,
  type FakeWorld,
  type Refusal,
} from './fake-read-host.ts'
import { look } from './look.ts'
import { sampleMain, sampleMainText, samplePoolFile, samplePoolText } from './sample-facts.ts'
import {
  answered,
  fpmMaster,
  sampleErrorLog,
  sampleLog,
  sampleProcess,
  sampleUnitText,
  sampleWebHost,
  serverText,
  unitText,
  unixListener,
} from './sample-web-host.ts'

/** The healthy host, but for this. */
function but({ tree = {}, answers = {}, ...rest }: FakeWorld): FakeWorld {
  return {
    ...sampleWebHost,
    tree: { ...sampleWebHost.tree, ...tree },
    answers: { ...sampleWebHost.answers, ...answers },
    ...rest,
  }
}

const notesOf = async (world: FakeWorld) => (await look(fakeReadHost(world))).couldNotTell

test('a healthy host is seen as a whole, and there is nothing that could not be told', async () => {
  const host = fakeReadHost(sampleWebHost)
  expect(await look(host)).toMatchObject({
    host: 'web-1',
    takenAtMs: fakeNowMs,
    fpm: [
      {
        service: 'php8.2-fpm',
        master: { pid: 100 },
        pools: [{ queue: { ok: true, value: { waiting: [0] } } }],
      },
    ],
    nginx: {
      unit: { service: 'nginx' },
      workerPid: 51,
      sites: {
        ok: true,
        value: [
          {
            serverName: 'shop.example',
            probes: [
              { over: 'http', status: 200, passed: true },
              { over: 'fastcgi', passed: true },
            ],
          },
        ],
      },
    },
    memory: { totalMiB: 8000, availableMiB: 5000 },
    couldNotTell: [],
  })
  expect(host.fastcgiRequests).toMatchObject([{ asProcess: 51 }])
})

test('several services have their own pools, workers and queues', async () => {
  const next = '/etc/php/8.3/fpm/php-fpm.conf'
  const facts = await look(
    fakeReadHost(
      but({
        tree: {
          [samplePoolFile]: `${samplePoolText}[api]\nlisten = /run/php/api.sock\n`,
          [next]: '[www]\nlisten = /run/php/php8.3-fpm.sock\n',
          '/usr/lib/systemd/system/php8.3-fpm.service': '',
        },
        processes: [
          ...sampleWebHost.processes,
          sampleProcess(202, fpmMaster.pid, 'php-fpm: pool api', 33),
          sampleProcess(300, 1, `php-fpm: master process (${next})`),
          sampleProcess(301, 300, 'php-fpm: pool www', 33),
        ],
        answers: {
          'unit-properties php8.3-fpm': unitText('php8.3-fpm', { MainPID: 300 }),
          'unit-journal php8.3-fpm': '',
          listeners: [0, 2, 4].map(
            (n) => unixListener('/run/php/api.sock', n) + unixListener('/run/php/php8.3-fpm.sock', n + 1, 511, 300),
          ),
        },
      }),
    ),
  )
  const pools = facts.fpm.flatMap((service) => service.pools)
  const seen = pools.map(({ subject, workers, queue }) => ({
    subject,
    pids: workers.map((worker) => worker.pid),
    waiting: queue.ok ? queue.value.waiting : queue.says,
  }))
  expect(seen).toEqual([
    { subject: 'php8.2-fpm/www', pids: [201], waiting: 'nothing listens there' },
    { subject: 'php8.2-fpm/api', pids: [202], waiting: [0, 2, 4, 4, 4] },
    { subject: 'php8.3-fpm/www', pids: [301], waiting: [1, 3, 5, 5, 5] },
  ])
})

test.each([
  { site: undefined, names: ['blog.example', 'shop.example'] },
  { site: 'shop.example', names: ['shop.example'] },
  { site: 'www.shop.example', names: ['shop.example'] },
  { site: 'other.example', names: [] },
])('asked for the site $site, it looks at $names', async ({ site, names }) => {
  const tree = {
    '/etc/nginx/sites-available/shop': serverText('shop.example www.shop.example'),
    '/etc/nginx/sites-enabled/blog': serverText('blog.example'),
  }
  const facts = await look(fakeReadHost(but({ tree })), site === undefined ? {} : { site })
  expect(facts.nginx.sites.ok && facts.nginx.sites.value.map((each) => each.serverName)).toEqual(names)
})

describe('what could not be told, with its reason', () => {
  const of = (what: string, why: unknown = denied.says) => [{ what, why }]

  test.each<{ path: string; entry: Entry; notes: unknown }>([
    {
      path: sampleMain,
      entry: denied,
      notes: of('the configuration of php8.2-fpm', `${sampleMain} cannot be read: permission denied`),
    },
    {
      path: samplePoolFile,
      entry: `${samplePoolText}pm.max_requests = \${REQUESTS}\n`,
      notes: of(
        'what all of the configuration of php8.2-fpm comes to',
        expect.stringMatching(/pm.max_requests depends on \$\{REQUESTS\}, which only the master knows$/),
      ),
    },
    { path: sampleLog, entry: denied, notes: of('the log of php8.2-fpm') },
    { path: sampleErrorLog, entry: denied, notes: of(`what nginx logged in ${sampleErrorLog}`) },
    { path: '/proc/meminfo', entry: denied, notes: of('how much memory is left', '/proc/meminfo could not be read') },
    {
      path: '/etc/nginx/nginx.conf',
      entry: denied,
      notes: of('which sites nginx serves', 'cannot read "/etc/nginx/nginx.conf" (permission denied)'),
    },
    {
      path: '/etc/nginx/sites-available/shop',
      entry: `server { listen unix:/run/web.sock; location / { fastcgi_pass unix:/run/x.sock; } }`,
      notes: of('whether localhost answers through nginx', 'it listens on no TCP address'),
    },
  ])('$path: $notes', async ({ path, entry, notes }) => {
    expect(await notesOf(but({ tree: { [path]: entry } }))).toEqual(notes)
  })

  test.each<{ path: string; entry: Entry }>([
    { path: sampleLog, entry: { link: '/gone' } },
    { path: sampleErrorLog, entry: { link: '/gone' } },
    { path: sampleMain, entry: sampleMainText.replace(/^error_log.*$/m, 'error_log = syslog') },
  ])('a log that is not there is no question left open: $path', async ({ path, entry }) => {
    expect(await notesOf(but({ tree: { [path]: entry, '/proc/100/fd/2': { link: 'socket:[1]' } } }))).toEqual([])
  })

  test.each<{ asked: string; answer: Refusal; notes: unknown }>([
    {
      asked: 'unit-properties php8.2-fpm',
      answer: timedOut,
      notes: of('which PHP-FPM services there are', timedOut.says),
    },
    {
      asked: 'fpm-config-test',
      answer: timedOut,
      notes: of('whether FPM accepts the configuration of php8.2-fpm', timedOut.says),
    },
    { asked: 'listeners', answer: denied, notes: of('whether requests wait for a worker') },
  ])('$asked: $notes', async ({ asked, answer, notes }) => {
    expect(await notesOf(but({ answers: { [asked]: answer } }))).toEqual(notes)
  })

  test('the journal, which is read of a unit that is not simply up', async () => {
    const reloading = unitText('php8.2-fpm', { ...sampleUnitText, ActiveState: 'reloading' })
    const answers = { 'unit-journal php8.2-fpm': denied, 'unit-properties php8.2-fpm': reloading }
    expect(await notesOf(but({ answers }))).toEqual(of('the journal of php8.2-fpm'))
  })

  test('the processes, without which no master is known', async () => {
    const facts = await look(fakeReadHost(but({ processes: denied })))
    expect(facts.couldNotTell).toEqual(of('the processes of this host'))
    expect(facts).toMatchObject({ fpm: [{ master: null }], nginx: { master: null, sites: { ok: true } } })
  })

  test('the sites of an nginx that runs without a unit', async () => {
    const world = but({
      answers: { 'unit-properties nginx': unitText('nginx', { LoadState: 'not-found' }) },
      tree: { '/etc/nginx/nginx.conf': denied },
    })
    expect(await notesOf(world)).toMatchObject([{ what: 'which sites nginx serves' }])
  })
})

test('a host with neither nginx nor FPM has nothing to tell, and that is no failure', async () => {
  const facts = await look(
    fakeReadHost({
      tree: { '/proc/meminfo': sampleWebHost.tree['/proc/meminfo'] },
      answers: { listeners: '' },
    }),
  )
  expect(facts).toMatchObject({
    fpm: [],
    nginx: { unit: null, sites: { ok: false, why: 'missing' } },
    couldNotTell: [],
  })
})

test('a host of which nothing can be read says so of everything, and nothing throws', async () => {
  const refuse = (record: object) => Object.fromEntries(Object.keys(record).map((key) => [key, denied]))
  const world = { tree: refuse(sampleWebHost.tree), answers: refuse(sampleWebHost.answers), processes: denied }
  expect(await notesOf(world)).toEqual([
    { what: 'the processes of this host', why: denied.says },
    { what: 'which PHP-FPM services there are', why: denied.says },
    { what: 'how much memory is left', why: '/proc/meminfo could not be read' },
    { what: 'whether requests wait for a worker', why: denied.says },
    { what: 'which sites nginx serves', why: denied.says },
  ])
})

test('a host of which nothing but its units can be read says so of every service', async () => {
  const tree = Object.fromEntries(Object.keys(sampleWebHost.tree).map((path) => [path, denied]))
  const answers = { 'fpm-config-test': denied }
  expect((await notesOf({ ...but({ answers }), tree })).map(({ what }) => what)).toEqual([
    'the configuration of php8.2-fpm',
    'whether FPM accepts the configuration of php8.2-fpm',
    'the log of php8.2-fpm',
    'how much memory is left',
    'which sites nginx serves',
  ])
})

test('the status page is asked for each pool that has one, beside the probes', async () => {
  const page = JSON.stringify({ pool: 'www', 'total processes': 1 })
  const tree = { [samplePoolFile]: `${samplePoolText}pm.status_path = /status\n` }
  const host = fakeReadHost(but({ tree, fastcgi: { 'unix:/run/php/php8.2-fpm.sock': answered(page) } }))
  expect((await look(host)).fpm[0]?.pools).toMatchObject([{ status: { ok: true, value: { pool: 'www' } } }])
  const asked = host.fastcgiRequests.map((request) => request.params['SCRIPT_NAME'])
  expect(new Set(asked)).toEqual(new Set(['/fleetmend-probe', '/status']))
})
