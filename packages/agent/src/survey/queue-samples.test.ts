import { describe, expect, test } from 'vitest'
import { fakeNowMs, fakeReadHost, timedOut } from './fake-read-host.ts'
import { sampleQueues, sampleQueuesAt } from './queue-samples.ts'
import { sampleProcess, tcpListener, unixListener } from './sample-web-host.ts'

const socket = '/run/php/php8.2-fpm.sock'

test('a queue that does not empty is looked at five times within a second, each time with who waits then', async () => {
  const host = fakeReadHost({
    answers: {
      listeners: [9, 7, 4, 3, 1].map(
        (waiting) => unixListener(socket, waiting) + tcpListener('127.0.0.1:9000', 0, 511),
      ),
    },
  })
  const samples = await sampleQueues(host, [])
  const tcp = { address: 'tcp:127.0.0.1:9000', waiting: 0, limit: 511, pids: [100] }
  expect(samples).toEqual({
    ok: true,
    value: [9, 7, 4, 3, 1].map((waiting) => [{ address: `unix:${socket}`, waiting, limit: 4096, pids: [100] }, tcp]),
  })
  const tookMs = host.nowMs() - fakeNowMs
  expect(tookMs).toBeGreaterThanOrEqual(500)
  expect(tookMs).toBeLessThan(1000)
})

test('a queue that is empty once is no saturation, and is not looked at again', async () => {
  const answers = { listeners: [9, 0, 5].map((waiting) => unixListener(socket, waiting)) }
  const samples = await sampleQueues(fakeReadHost({ answers }), [])
  expect(samples.ok && samples.value.map(([listener]) => listener?.waiting)).toEqual([9, 0])
})

test('a host on which nobody waits is looked at once, and costs no time', async () => {
  const host = fakeReadHost({ answers: { listeners: unixListener(socket, 0) } })
  const samples = await sampleQueues(host, [])
  expect(samples.ok && samples.value).toHaveLength(1)
  expect(host.nowMs()).toBe(fakeNowMs)
})

test('a host where nothing listens was looked at all the same', async () => {
  const host = fakeReadHost({ answers: { listeners: '' } })
  expect(await sampleQueues(host, [])).toEqual({ ok: true, value: [[]] })
})

test.each([
  { is: 'listeners', answers: { listeners: timedOut }, gives: timedOut },
  {
    is: 'listeners in one of the samples',
    answers: { listeners: [unixListener(socket, 1), unixListener(socket, 1), timedOut] },
    gives: timedOut,
  },
  {
    is: 'listeners because `ss` fails',
    answers: { listeners: { exitCode: 1, stdout: '', stderr: 'Cannot open netlink socket\n' } },
    gives: { ok: false, why: 'failed', says: 'Cannot open netlink socket' },
  },
])('without the $is there are no samples, and it is said why', async ({ answers, gives }) => {
  expect(await sampleQueues(fakeReadHost({ answers }), [])).toEqual(gives)
})

describe('where `ss` is not installed', () => {
  const tcp = (waiting: string) =>
    `  sl  local_address\n   0: 0100007F:2328 00000000:0000 0A 00000000:${waiting} 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0\n`
  const tree = { '/proc/net/unix': '', '/proc/1/fd/7': { link: 'socket:[77]' }, '/proc/1/fd/2': { link: 'pipe:[5]' } }
  const master = sampleProcess(1, 0, 'php-fpm: master process (/usr/local/etc/php-fpm.conf)')

  test('the tables of the kernel tell of queues, and descriptors of who listens', async () => {
    const host = fakeReadHost({ tree: { ...tree, '/proc/net/tcp': tcp('00000003') } })
    const samples = await sampleQueues(host, [master])
    const listener = { address: 'tcp:127.0.0.1:9000', waiting: 3, limit: null, pids: [1] }
    expect(samples).toEqual({ ok: true, value: Array.from({ length: 5 }, () => [listener]) })
  })

  test('it is said that `ss` is missing where they cannot be read', async () => {
    expect(await sampleQueues(fakeReadHost(), [master])).toMatchObject({ ok: false, why: 'missing' })
  })
})

describe('where no PHP runs', () => {
  const other = 9000
  const tcp = `  sl  local_address\n   0: 00000000:${other.toString(16).toUpperCase()} 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 77 1 0 100 0 0 10 0\n`
  const unix = 'Num RefCount\n0000: 00000002 00000000 00010000 0001 01 31 /var/run/php/other.sock\n'
  const answers = { listeners: timedOut }
  const tree = { '/proc/net/unix': unix, '/proc/net/tcp': tcp }

  test.each(['unix:/run/php/php8.2-fpm.sock', 'tcp:127.0.0.1:9001', 'tcp:[::1]:90'] as const)(
    'nobody who listens elsewhere could take what is for %s, and no program is asked',
    async (address) => {
      const samples = await sampleQueuesAt(fakeReadHost({ tree, answers }), [], [address])
      expect(samples.ok && samples.value.map((each) => each.map((listener) => listener.address))).toEqual([
        ['unix:/var/run/php/other.sock', 'tcp:0.0.0.0:9000'],
      ])
    },
  )

  test.each(['unix:/run/php/other.sock', 'tcp:db-1:9000', 'tcp:[::1]:9000'] as const)(
    'somebody may take what is for %s, and `ss` tells who',
    async (address) => {
      expect(await sampleQueuesAt(fakeReadHost({ tree, answers }), [], [address])).toEqual(timedOut)
    },
  )

  test('`ss` is asked where it is not known what is for whom, or who listens', async () => {
    expect(await sampleQueuesAt(fakeReadHost({ tree, answers }), [], null)).toEqual(timedOut)
    expect(await sampleQueuesAt(fakeReadHost({ answers }), [], [])).toEqual(timedOut)
  })
})
