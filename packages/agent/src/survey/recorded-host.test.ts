import { expect, test } from 'vitest'
import { denied, fakeNowMs, fakeReadHost, missing } from './fake-read-host.ts'
import { recordedHost, recordingHost } from './recorded-host.ts'

const world = {
  tree: {
    '/etc/nginx/nginx.conf': 'events {}\n',
    '/etc/shadow': denied,
    '/run/link': { link: '/etc/nginx' },
    '/var/log/nginx/error.log': 'one\ntwo\n',
  },
  answers: { listeners: ['first', 'second'], 'unit-journal nginx': 'a line' },
  http: { '127.0.0.1:80': { kind: 'answered' as const, status: 502, tookMs: 3 } },
}
const probe = { address: '127.0.0.1', port: 80, tls: false, serverName: 'shop.example', path: '/', limitMs: 100 }

test('what was read once can be read again, and says the same', async () => {
  const { host, record } = recordingHost(fakeReadHost(world))
  const readAll = async (from: typeof host) => [
    await from.readFile('/etc/nginx/nginx.conf'),
    await from.readFile('/etc/shadow'),
    await from.readFile('/etc/nothing'),
    await from.list('/etc'),
    await from.stat('/run/link'),
    await from.readLink('/run/link'),
    await from.resolve('/run/link'),
    await from.withLog('/var/log/nginx/error.log', async (log) => [log.facts, await log.read(4, 100)]),
    await from.withLog('/var/log/none', async () => 'never'),
    await from.ask({ tool: 'listeners' }),
    await from.ask({ tool: 'listeners' }),
    await from.http(probe),
    await from.fastcgi({ address: 'unix:/run/php.sock', params: {}, limitMs: 100, asProcess: 51 }),
    await from.userName(33),
  ]
  const first = await readAll(host)
  expect(first.slice(1, 3)).toEqual([denied, missing])
  expect(await readAll(recordedHost(record()))).toEqual(first)
})

test('what was not read then fails now, as a read does; nothing is made up', async () => {
  const { host, record } = recordingHost(fakeReadHost(world))
  await host.ask({ tool: 'unit-journal', service: 'nginx', lines: 200 })
  const recorded = recordedHost(record())
  const failed = { ok: false, why: 'failed', says: 'it was not recorded' }
  expect([
    await recorded.readFile('/etc/nginx/nginx.conf'),
    await recorded.withLog('/var/log/nginx/error.log', async () => 'never'),
    await recorded.stat('/etc'),
    await recorded.list('/etc'),
    await recorded.processes(),
    await recorded.ask({ tool: 'unit-journal', service: 'php8.2-fpm', lines: 200 }),
  ]).toEqual(Array.from({ length: 6 }, () => failed))
  expect(await recorded.http(probe)).toMatchObject({ kind: 'no-answer', says: failed.says })
  expect(await recorded.fastcgi({ address: 'tcp:127.0.0.1:9000', params: {}, limitMs: 1 })).toMatchObject({
    kind: 'broken',
    says: failed.says,
  })
})

test('a question is the same at another moment', async () => {
  const { host, record } = recordingHost(fakeReadHost(world))
  await host.ask({ tool: 'unit-journal', service: 'nginx', lines: 200, sinceMs: fakeNowMs })
  const recorded = recordedHost(record())
  expect(await recorded.ask({ tool: 'unit-journal', service: 'nginx', lines: 200, sinceMs: fakeNowMs + 1 })).toEqual({
    ok: true,
    value: { exitCode: 0, stdout: 'a line', stderr: '' },
  })
  expect(recorded.nowMs()).toBe(fakeNowMs)
})

test('time stands still: what tells it is of the moment of the record', async () => {
  const { host, record } = recordingHost(fakeReadHost({ tree: { '/proc/uptime': '100.50 200.00\n' } }))
  await host.sleep(8000)
  await host.readFile('/proc/uptime')
  const read = await recordedHost(record()).readFile('/proc/uptime')
  expect(read.ok && Buffer.from(read.value).toString()).toBe('92.50 200.00\n')
})

test('of a long log the end is kept, and what stood before it is gone', async () => {
  const log = `${'x'.repeat(99)}\n`.repeat(5000)
  const { host, record } = recordingHost(fakeReadHost({ tree: { '/var/log/long': log } }))
  await host.withLog('/var/log/long', async () => null)
  const read = await recordedHost(record()).withLog('/var/log/long', async ({ facts, read: readAt }) => [
    facts.sizeBytes,
    (await readAt(0, 10)).length,
    Buffer.from(await readAt(499_990, 100)).toString(),
  ])
  expect(read).toEqual({ ok: true, value: [500_000, 0, 'xxxxxxxxx\n'] })
})
