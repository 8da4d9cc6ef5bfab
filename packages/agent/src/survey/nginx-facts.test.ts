import { describe, expect, test } from 'vitest'
import type { ProcessFacts } from '../host/host.ts'
import { denied, fakeReadHost, timedOut, type Entry, type FakeWorld } from './fake-read-host.ts'
import { nginxErrors } from './nginx-errors.ts'
import { nginxFacts, type NginxReading } from './nginx-facts.ts'
import { nginxMaster, nginxWorker, sampleProcess, sampleWebHost, serverText, unitText } from './sample-web-host.ts'
import { readUnits } from './units.ts'

const answers = { 'unit-properties nginx': unitText('nginx', { MainPID: 50 }) }
const main = '/etc/nginx/nginx.conf'

async function read(
  tree: Readonly<Record<string, Entry>>,
  processes: readonly ProcessFacts[] = [nginxMaster, nginxWorker],
  given: FakeWorld['answers'] = answers,
) {
  const host = fakeReadHost({ tree, answers: given })
  const facts = await nginxFacts(host, processes, await readUnits(host))
  return { ...facts, ...(await nginxErrors(host, errorLogsOf(facts), [])) }
}

const errorLogsOf = ({ sites }: NginxReading) => (sites.ok ? sites.value.flatMap((site) => site.errorLogs) : [])
const http = (inside: string) => `events { }\nhttp { ${inside} }\n`

test('a healthy host: unit, master, worker and the site behind a link', async () => {
  expect(await read(sampleWebHost.tree)).toMatchObject({
    unit: { service: 'nginx' },
    master: { pid: 50 },
    workerPid: 51,
    sites: {
      ok: true,
      value: [
        {
          serverName: 'shop.example',
          listen: { address: '127.0.0.1', port: 80, tls: false },
          unreachable: null,
          upstreams: ['unix:/run/php/php8.2-fpm.sock'],
          errorLogs: ['/var/log/nginx/error.log'],
          accessLogs: ['/var/log/nginx/access.log'],
        },
      ],
    },
    errors: [],
    unreadableLogs: [],
  })
})

test('includes are read in byte order, relative to the main file, without dotfiles', async () => {
  const facts = await read({
    [main]: http('include sites-enabled/*; include conf.d/none-*.conf;'),
    '/etc/nginx/sites-enabled/b': serverText('b.example'),
    '/etc/nginx/sites-enabled/a': serverText('a.example'),
    '/etc/nginx/sites-enabled/B.bak': serverText('c.example'),
    '/etc/nginx/sites-enabled/.b.swp': serverText('d.example'),
  })
  const names = facts.sites.ok && facts.sites.value.map((site) => site.serverName)
  expect(names).toEqual(['c.example', 'a.example', 'b.example'])
})

describe('which nginx is meant', () => {
  const title = 'nginx: master process nginx -c /container.conf'
  const inContainer = sampleProcess(40, 39, title)
  const ofAnyone = { ...sampleProcess(30, 1, title), uid: 1000 }
  const notFound = {}
  const own = {
    '/proc/50/root': { link: '/' },
    '/proc/30/root': { link: '/' },
    '/proc/40/root': { is: 'directory' },
  } as const

  test.each([
    {
      is: 'the one of the unit, not that of a container',
      processes: [inContainer, nginxMaster, nginxWorker],
      given: answers,
      pids: [50, 51],
    },
    { is: 'one that was started by hand', processes: [nginxMaster, nginxWorker], given: notFound, pids: [50, 51] },
    {
      is: 'one that was started by hand while the unit is down',
      processes: [nginxMaster, nginxWorker],
      given: { 'unit-properties nginx': unitText('nginx', { MainPID: 0 }) },
      pids: [50, 51],
    },
    {
      is: 'not that of a container, with no unit either',
      processes: [inContainer],
      given: notFound,
      pids: [null, null],
    },
    { is: 'none that only a user calls so', processes: [ofAnyone], given: answers, pids: [null, null] },
    {
      is: 'no worker of another',
      processes: [nginxMaster, sampleProcess(41, 40, 'nginx: worker process')],
      given: answers,
      pids: [50, null],
    },
    {
      is: 'no worker that is being stopped',
      processes: [nginxMaster, sampleProcess(52, 50, 'nginx: cache manager process')],
      given: answers,
      pids: [50, null],
    },
  ])('$is', async ({ processes, given, pids }) => {
    const { master, workerPid } = await read(own, processes, given)
    expect([master?.pid ?? null, workerPid]).toEqual(pids)
  })
})

test.each([
  { args: '', reads: main },
  { args: ' -g daemon on; master_process on;', reads: main },
  { args: ' -c /srv/web/nginx.conf', reads: '/srv/web/nginx.conf' },
  { args: ' -c/srv/web/nginx.conf', reads: '/srv/web/nginx.conf' },
  { args: ' -c web.conf', reads: '/usr/share/nginx/web.conf' },
  { args: ' -p /srv/web', reads: main, log: '/srv/web/logs/error.log' },
  { args: ' -p /srv/web/ -c conf/nginx.conf', reads: '/srv/web/conf/nginx.conf', log: '/srv/web/logs/error.log' },
  { args: ' -c conf/nginx.conf -p /srv/web', reads: '/srv/web/conf/nginx.conf', log: '/srv/web/logs/error.log' },
  { args: ' -p . -c conf/nginx.conf', reads: '/usr/share/nginx/conf/nginx.conf' },
])('nginx$args reads $reads', async ({ args, reads, log = '/usr/share/nginx/logs/error.log' }) => {
  const master = { ...nginxMaster, title: `nginx: master process /usr/sbin/nginx${args}` }
  const facts = await read({ [reads]: `error_log logs/error.log;\n${http(serverText('own.example'))}` }, [master])
  expect(facts.sites).toMatchObject({ ok: true, value: [{ serverName: 'own.example', errorLogs: [log] }] })
})

test.each([
  { is: 'a link', to: 'unix:/run/php/php-fpm.sock', upstreams: ['unix:/run/php/php8.2-fpm.sock'] },
  {
    is: 'the old name of the folder',
    to: 'unix:/var/run/php/php8.2-fpm.sock',
    upstreams: ['unix:/run/php/php8.2-fpm.sock'],
  },
  {
    is: 'a link to a socket that is gone',
    to: 'unix:/run/php/next.sock',
    upstreams: ['unix:/run/php/php8.3-fpm.sock'],
  },
  { is: 'a socket that is gone', to: 'unix:/run/php/none.sock', upstreams: ['unix:/run/php/none.sock'] },
  { is: 'a port', to: '127.0.0.1:9000', upstreams: ['tcp:127.0.0.1:9000'] },
  {
    is: 'a group, of which two names are one',
    to: 'php',
    upstreams: ['unix:/run/php/php8.2-fpm.sock', 'tcp:10.0.0.7:9000'],
  },
  { is: 'what only a request knows', to: 'unix:/run/$host.sock', upstreams: [] },
])('an upstream that is $is: $to', async ({ to, upstreams }) => {
  const group =
    'upstream php { server unix:/run/php/php-fpm.sock; server unix:/run/php/php8.2-fpm.sock; server 10.0.0.7:9000; }'
  const facts = await read({
    [main]: http(group + serverText('shop.example', to)),
    '/var/run': { link: '/run' },
    '/run/php/php8.2-fpm.sock': { is: 'socket' },
    '/run/php/php-fpm.sock': { link: '/etc/alternatives/php-fpm.sock' },
    '/etc/alternatives/php-fpm.sock': { link: '/run/php/php8.2-fpm.sock' },
    '/run/php/next.sock': { link: 'php8.3-fpm.sock' },
  })
  expect(facts.sites.ok && facts.sites.value.map((site) => site.upstreams)).toEqual([upstreams])
})

describe('error logs', () => {
  const line = (message: string) => `2026/11/21 02:59:00 [error] 51#51: *7 ${message}\n`
  const server = (name: string, log: string) =>
    `server { server_name ${name}; error_log ${log}; location / { fastcgi_pass unix:/x; } }`
  const tree = {
    [main]: http(server('a.example', '/log/a') + server('b.example', '/log/b') + server('c.example', '/log/a')),
  }

  test('are read once each, whoever shares them', async () => {
    const facts = await read({ ...tree, '/log/a': line('first') + line('second'), '/log/b': line('third') })
    expect(facts.errors.map((error) => error.message)).toEqual(['first', 'second', 'third'])
  })

  test.each<{ is: string; entry: Entry | undefined; unreadable: readonly unknown[] }>([
    { is: 'is not there yet', entry: undefined, unreadable: [] },
    { is: 'may not be read', entry: denied, unreadable: [{ path: '/log/b', says: 'permission denied' }] },
    { is: 'is a folder', entry: { is: 'directory' }, unreadable: [{ path: '/log/b', says: 'a directory' }] },
  ])('one that $is: $unreadable', async ({ entry, unreadable }) => {
    const facts = await read({ ...tree, '/log/a': line('first'), ...(entry === undefined ? {} : { '/log/b': entry }) })
    expect(facts.unreadableLogs).toEqual(unreadable)
    expect(facts.errors).toHaveLength(1)
  })

  test('what stands in them is never taken for a path', async () => {
    const text = line(
      'open() "/srv/evil" failed (2: No such file or directory) while connecting to upstream, client: 1.2.3.4, server: a.example, request: "GET /srv/evil HTTP/1.1", upstream: "fastcgi://unix:/srv/evil:", host: "/srv/evil"',
    )
    const host = fakeReadHost({ tree: { ...tree, '/log/a': text }, answers })
    const facts = await nginxFacts(host, [nginxMaster], await readUnits(host))
    expect((await nginxErrors(host, errorLogsOf(facts), [])).errors).toMatchObject([
      { upstream: 'fastcgi://unix:/srv/evil:' },
    ])
    expect([...host.touched].filter((path) => path.startsWith('/srv'))).toEqual([])
  })
})

test.each<{
  is: string
  tree: Readonly<Record<string, Entry>>
  processes?: readonly ProcessFacts[]
  given?: FakeWorld['answers']
  says: unknown
}>([
  {
    is: 'is not installed',
    tree: {},
    processes: [],
    given: {},
    says: { ok: false, why: 'missing', says: 'nginx is not installed' },
  },
  {
    is: 'cannot be asked for',
    tree: {},
    processes: [],
    given: { 'unit-properties nginx': timedOut },
    says: { ok: false, why: 'failed', says: timedOut.says },
  },
  {
    is: 'has a configuration that may not be read',
    tree: { [main]: denied },
    says: { ok: false, why: 'failed', says: `cannot read "${main}" (permission denied)` },
  },
  {
    is: 'has no configuration',
    tree: {},
    says: { ok: false, why: 'failed', says: `cannot read "${main}" (no such file or directory)` },
  },
  {
    is: 'includes what is not there',
    tree: { [main]: 'include gone.conf;\n' },
    says: {
      ok: false,
      why: 'failed',
      says: `cannot read "/etc/nginx/gone.conf" (no such file or directory) in ${main}:1`,
    },
  },
  {
    is: 'includes a folder',
    tree: { [main]: 'include sites/*;\n', '/etc/nginx/sites/old/a': '' },
    says: { ok: false, why: 'failed', says: `cannot read "/etc/nginx/sites/old/" (a directory) in ${main}:1` },
  },
])('there are no sites where nginx $is', async ({ tree, processes, given, says }) => {
  expect((await read(tree, processes, given)).sites).toEqual(says)
})
