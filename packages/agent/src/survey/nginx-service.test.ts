import { expect, test } from 'vitest'
import { fakeReadHost, type Entry } from './fake-read-host.ts'
import { nginxService } from './nginx-service.ts'
import { nginxMaster } from './sample-web-host.ts'
import { sampleUnit } from './sample-facts.ts'

const unit = sampleUnit({
  service: 'nginx',
  execStart: '{ path=/usr/sbin/nginx ; argv[]=/usr/sbin/nginx -g daemon on; master_process on; ; ignore_errors=no }',
})
const refused = { exitCode: 1, stdout: '', stderr: 'nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:1\n' }

/** Nothing was read before. */
const unread = { main: '', config: { ok: false, why: 'missing', says: 'no such file' } } as const

async function looked(
  config: string,
  tree: Readonly<Record<string, Entry>> = {},
  master: typeof nginxMaster | null = null,
  binary = '/usr/sbin/nginx',
) {
  const host = fakeReadHost({
    tree: { '/etc/nginx/nginx.conf': config, ...tree },
    answers: { 'nginx-config-test': refused, 'unit-journal nginx': '' },
  })
  return { host, facts: await nginxService(host, { unit, master, binary, isInstalled: true, ...unread }) }
}

test('nginx is asked what it says of the files on disk', async () => {
  const { facts, host } = await looked('events {} http { access_log /var/log/nginx/access.log; }')
  expect(facts.configTest).toEqual({
    ok: true,
    value: { passes: false, exitCode: 1, says: ['nginx: [emerg] unknown directive "x" in /etc/nginx/nginx.conf:1'] },
  })
  expect(host.questions).toContainEqual({
    tool: 'nginx-config-test',
    binary: '/usr/sbin/nginx',
    config: null,
    planned: new Map(),
  })
})

test('the configuration is that of the running master', async () => {
  const master = { ...nginxMaster, title: 'nginx: master process /opt/nginx/sbin/nginx -c /srv/nginx.conf' }
  const { host } = await looked('', { '/srv/nginx.conf': 'events {}' }, master, '/opt/nginx/sbin/nginx')
  expect(host.questions).toContainEqual({
    tool: 'nginx-config-test',
    binary: '/opt/nginx/sbin/nginx',
    config: '/srv/nginx.conf',
    planned: new Map(),
  })
})

test.each([
  { is: 'a log', config: 'http { server { access_log /srv/shop/access.log; } }', path: '/srv/shop/access.log' },
  { is: 'a cache', config: 'http { fastcgi_cache_path /srv/cache levels=1:2 keys_zone=a:1m; }', path: '/srv/cache' },
  { is: 'a pid file', config: 'pid /srv/nginx.pid; http {}', path: '/srv/nginx.pid' },
])('$is that the test would make outside of its own layer is not made: it is not run', async ({ config, path }) => {
  const { facts, host } = await looked(config)
  expect(facts.configTest).toMatchObject({
    ok: false,
    says: `\`nginx -t\` would make ${path}, and looking changes nothing`,
  })
  expect(host.questions.map(({ tool }) => tool)).not.toContain('nginx-config-test')
  const there = await looked(config, { [path]: 'there' })
  expect(there.facts.configTest.ok).toBe(true)
})

test.each(['off', 'syslog:server=192.0.2.7', '/srv/$host.log', '/dev/stdout'])(
  'a log that is no file to make is no hindrance: %s',
  async (log) => {
    expect((await looked(`http { access_log ${log}; }`)).facts.configTest.ok).toBe(true)
  },
)

test('a configuration that cannot be read is refused before nginx makes anything', async () => {
  expect((await looked('http { server {')).facts.configTest.ok).toBe(true)
})

test('without a unit it is asked, too, and no journal is', async () => {
  const host = fakeReadHost({ tree: { '/etc/nginx/nginx.conf': 'events {}' }, answers: { 'nginx-config-test': '' } })
  const byHand = {
    unit: null,
    master: nginxMaster,
    binary: '/usr/sbin/nginx',
    isInstalled: true,
    ...unread,
  } as const
  expect(await nginxService(host, byHand)).toMatchObject({
    configTest: { ok: true, value: { passes: true } },
    journal: { ok: false, why: 'missing' },
  })
  expect(host.questions.map(({ tool }) => tool)).toEqual(['nginx-config-test'])
})

test('without nginx there is nothing to ask', async () => {
  const host = fakeReadHost()
  const nothing = { unit: null, master: null, binary: '/usr/sbin/nginx', isInstalled: false, ...unread }
  expect(await nginxService(host, nothing)).toMatchObject({
    configTest: { ok: false, why: 'missing' },
    journal: { ok: false, why: 'missing' },
  })
  expect(host.questions).toEqual([])
})
