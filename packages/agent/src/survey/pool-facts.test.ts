import { describe, expect, test } from 'vitest'
import type { FastCgiReply, ProcessFacts } from '../host/host.ts'
import { readFpmConfig } from '../readings/fpm-config.ts'
import { readTcpListeners, readUnixListeners } from '../readings/listeners.ts'
import { denied, fakeReadHost, timedOut, type FakeWorld } from './fake-read-host.ts'
import type { FpmService } from './fpm-services.ts'
import { poolFacts, type QueueSamples } from './pool-facts.ts'
import { sampleUnit } from './sample-facts.ts'
import {
  answered,
  fpmMaster,
  fpmWorker,
  sampleProcess,
  tcpListener,
  unixListener,
  workerMemory,
} from './sample-web-host.ts'

interface Given {
  readonly world?: FakeWorld
  readonly binary?: string
  readonly master?: ProcessFacts | null
  readonly processes?: readonly ProcessFacts[]
  readonly queues?: QueueSamples
}

const unseen: QueueSamples = { ok: false, why: 'failed', says: 'not looked at' }

async function poolsOf(text: string, { world = {}, processes = [], queues = unseen, ...given }: Given = {}) {
  const config = readFpmConfig(
    '/fpm.conf',
    () => ({ ok: true, text }),
    () => [],
    '/usr',
  )
  const host = fakeReadHost(world)
  const master = given.master === undefined ? fpmMaster : given.master
  const binary = given.binary ?? '/usr/sbin/php-fpm8.2'
  const names = { service: 'php8.2-fpm', phpVersion: '8.2', configPath: '/fpm.conf' }
  const service: FpmService = { ...names, unit: sampleUnit(), binary, master }
  const read = config.ok ? config : ({ ok: false, why: 'failed', says: config.says } as const)
  return { host, pools: await poolFacts(host, service, read, processes, queues) }
}

async function onlyPoolOf(directives: string, given: Given = {}) {
  const { host, pools } = await poolsOf(`[www]\n${directives}\n`, given)
  return { host, pool: pools[0]! }
}

test('every pool has its own name, numbers and workers', async () => {
  const { pools } = await poolsOf('[www]\npm = static\npm.max_children = 7\n[api]\npm = ondemand\nlisten = 9000\n', {
    processes: [
      fpmMaster,
      fpmWorker,
      sampleProcess(202, 100, 'php-fpm: pool api', 34),
      sampleProcess(203, 100, 'php-fpm: pool www', 33),
      sampleProcess(204, 999, 'php-fpm: pool www', 33),
    ],
  })
  const seen = pools.map(({ workers, ...pool }) => ({ ...pool, pids: workers.map((worker) => worker.pid) }))
  expect(seen).toMatchObject([
    { subject: 'php8.2-fpm/www', processManager: 'static', maxChildren: 7, listen: null, pids: [201, 203] },
    { subject: 'php8.2-fpm/api', processManager: 'ondemand', maxChildren: null, listen: 'tcp:[::]:9000', pids: [202] },
  ])
})

test('without a configuration there are no pools', async () => {
  const names = { service: 'php-fpm', phpVersion: null, binary: '/x', configPath: '/x' }
  const service = { ...names, unit: sampleUnit(), master: fpmMaster }
  expect(await poolFacts(fakeReadHost(), service, denied, [fpmWorker], unseen)).toEqual([])
})

test('a master that is down has no workers, whoever has no parent', async () => {
  const { pool } = await onlyPoolOf('pm = static', { master: null, processes: [fpmWorker] })
  expect(pool.workers).toEqual([])
})

test.each([
  { directives: 'listen = /run/php/x.sock', address: 'unix:/run/php/x.sock' },
  { directives: 'listen = run/x.sock', address: 'unix:/usr/run/x.sock' },
  { directives: 'prefix = /srv/$pool, listen = $pool.sock', address: 'unix:/srv/www/www.sock' },
  { directives: 'listen = run/x.sock', binary: '/usr/local/sbin/php-fpm', address: 'unix:/usr/local/run/x.sock' },
  { directives: 'listen = 127.0.0.1:9000', address: 'tcp:127.0.0.1:9000' },
  { directives: 'listen = /run/${WHERE}/x.sock', address: null },
  { directives: 'listen = /var/run/php/x.sock', address: 'unix:/run/php/x.sock' },
])('$directives makes it listen on $address', async ({ directives, address, binary = '/usr/sbin/php-fpm' }) => {
  const world: FakeWorld = { tree: { '/var/run': { link: '/run' }, '/run/php': { is: 'directory' } } }
  const { pool } = await onlyPoolOf(directives.replace(', ', '\n'), { world, binary })
  expect(pool.listen).toBe(address)
})

test('what depends on a variable is not known', async () => {
  const { pool } = await onlyPoolOf('pm = ${PM}\npm.max_children = 5${MORE}')
  expect(pool).toMatchObject({ processManager: null, maxChildren: null })
})

describe('the memory of a worker', () => {
  const memoryWith = async (tree: FakeWorld['tree']) => {
    const { pool } = await onlyPoolOf('pm = static', { processes: [fpmWorker], ...(tree ? { world: { tree } } : {}) })
    return pool.workers[0]?.memory
  }

  test('is read from /proc', async () => {
    const tree = { '/proc/201/smaps_rollup': workerMemory.smaps_rollup, '/proc/201/status': workerMemory.status }
    expect(await memoryWith(tree)).toEqual({
      rssKiB: 30_720,
      pssKiB: 8192,
      privateKiB: 3072,
      sharedMemoryKiB: 20_480,
      sharedFileKiB: 5120,
      peakRssKiB: 40_960,
    })
  })

  test.each([
    { is: 'it ends while it is looked at', tree: {} },
    {
      is: 'its pages may not be seen',
      tree: { '/proc/201/smaps_rollup': denied, '/proc/201/status': workerMemory.status },
    },
    { is: 'it is a zombie', tree: { '/proc/201/smaps_rollup': '', '/proc/201/status': 'Name: x\n' } },
  ])('is unknown when $is', async ({ tree }) => {
    expect(await memoryWith(tree)).toBeNull()
  })
})

describe('the queue', () => {
  const samplesOf = (...texts: readonly string[]): QueueSamples => ({
    ok: true,
    value: texts.map((text) => [...readUnixListeners(text), ...readTcpListeners(text)]),
  })
  const nobody = { ok: false, why: 'missing', says: 'nothing listens there' }
  const sock = '/run/php/x.sock'

  test.each<{ is: string; listen: string; queues: QueueSamples; gives: unknown }>([
    {
      is: 'is that of its own listener in each sample',
      listen: sock,
      queues: samplesOf(...[3, 0, 8].map((n) => unixListener('/run/php/y.sock', 99) + unixListener(sock, n, 511))),
      gives: { ok: true, value: { waiting: [3, 0, 8], limit: 511 } },
    },
    {
      is: 'is found under the path as FPM bound it',
      listen: '/var/run/php/x.sock',
      queues: samplesOf(unixListener('/var/run/php/x.sock', 4)),
      gives: { ok: true, value: { waiting: [4], limit: 4096 } },
    },
    {
      is: 'of a bare port is that of every address',
      listen: '9002',
      queues: samplesOf(
        unixListener('/run/odd:9002', 2) + tcpListener('127.0.0.1:9002', 1, 9, 50) + tcpListener('*:9002', 6),
      ),
      gives: { ok: true, value: { waiting: [6], limit: 4096 } },
    },
    {
      is: 'of a host name is that of the number it stands for',
      listen: 'localhost:9000',
      queues: samplesOf(tcpListener('127.0.0.1:19000', 1) + tcpListener('127.0.0.1:9000', 2, 511)),
      gives: { ok: true, value: { waiting: [2], limit: 511 } },
    },
    {
      is: 'of an address is that of just this address first',
      listen: '127.0.0.2:9000',
      queues: samplesOf(tcpListener('127.0.0.1:9000', 1) + tcpListener('127.0.0.2:9000', 2)),
      gives: { ok: true, value: { waiting: [2], limit: 4096 } },
    },
    {
      is: 'of another program is not its own',
      listen: '9002',
      queues: samplesOf(tcpListener('*:9002', 6, 9, 77)),
      gives: nobody,
    },
    { is: 'of a socket is not that of a port', listen: sock, queues: samplesOf(tcpListener('*:9002')), gives: nobody },
    {
      is: 'says nothing when it was gone in one sample',
      listen: sock,
      queues: samplesOf(unixListener(sock, 3), '', unixListener(sock, 3)),
      gives: nobody,
    },
    { is: 'says nothing without a sample', listen: sock, queues: { ok: true, value: [] }, gives: nobody },
    { is: 'is unknown when nobody could look, with the reason', listen: sock, queues: timedOut, gives: timedOut },
  ])('$is', async ({ listen, queues, gives }) => {
    expect((await onlyPoolOf(`listen = ${listen}`, { queues })).pool.queue).toEqual(gives)
  })
})

describe('the status page', () => {
  const page = JSON.stringify({ pool: 'www', 'total processes': 2, 'start time': 1_795_228_458, 'active processes': 1 })
  const on = 'listen = /run/x.sock\npm.status_path = /status'
  const withReply = (reply: FastCgiReply, address: `unix:${string}` = 'unix:/run/x.sock') => ({
    world: { fastcgi: { [address]: reply } },
  })

  test('is read where it is on, by a request that no script could answer', async () => {
    const { host, pool } = await onlyPoolOf(on, withReply(answered(page)))
    expect(pool.status).toMatchObject({
      ok: true,
      value: { pool: 'www', total: 2, active: 1, startTimeS: 1_795_228_458 },
    })
    expect(host.fastcgiRequests).toMatchObject([
      {
        address: 'unix:/run/x.sock',
        params: {
          REQUEST_METHOD: 'GET',
          SCRIPT_NAME: '/status',
          SCRIPT_FILENAME: '/status',
          QUERY_STRING: 'json&full',
        },
      },
    ])
  })

  test.each([
    { written: '/run/status.sock', address: 'unix:/run/status.sock', because: 'as it is written' },
    { written: '$pool.sock', address: 'unix:/usr/www.sock', because: 'FPM forgets the prefix of the pool for it' },
    { written: '127.0.0.1:9001', address: 'tcp:127.0.0.1:9001', because: 'as it is written' },
  ])('has a listener of its own, $address for $written: $because', async ({ written, address }) => {
    const { host } = await onlyPoolOf(`prefix = /srv\nlisten = x.sock\npm.status_listen = ${written}`)
    expect(host.fastcgiRequests).toMatchObject([{ address, params: { SCRIPT_NAME: '/' } }])
  })

  test.each([
    {
      is: 'that is off',
      directives: 'listen = /run/x.sock',
      gives: { ok: false, why: 'missing', says: 'the status page is off (pm.status_path)' },
    },
    {
      is: 'of a pool that listens nowhere',
      directives: 'pm.status_path = /status',
      gives: { ok: false, why: 'failed', says: 'nothing listens' },
    },
    {
      is: 'of a master that is down',
      directives: on,
      master: null,
      gives: { ok: false, why: 'failed', says: 'nothing listens' },
    },
  ])('is not asked for one $is', async ({ directives, master = fpmMaster, gives }) => {
    const { host, pool } = await onlyPoolOf(directives, { master, ...withReply(answered(page)) })
    expect(pool.status).toEqual(gives)
    expect(host.fastcgiRequests).toEqual([])
  })

  test.each<{ is: string; reply: FastCgiReply; gives: unknown }>([
    {
      is: 'it waits in the queue itself',
      reply: { kind: 'timed-out', connectMs: 0, tookMs: 1000 },
      gives: { ok: false, why: 'timed-out', says: 'timed-out' },
    },
    {
      is: 'nobody takes the connection',
      reply: { kind: 'cannot-connect', errno: 'ECONNREFUSED', says: 'connection refused', tookMs: 0 },
      gives: { ok: false, why: 'failed', says: 'cannot-connect' },
    },
    {
      is: 'the answer breaks off',
      reply: { kind: 'broken', says: 'cut', tookMs: 0 },
      gives: { ok: false, why: 'failed', says: 'broken' },
    },
    {
      is: 'something else answers',
      reply: answered('File not found.\n', 404),
      gives: { ok: false, why: 'failed', says: 'the status page is not JSON' },
    },
    {
      is: 'a script answers in its place',
      reply: answered('{"pool":5}'),
      gives: { ok: false, why: 'failed', says: 'this is not a status page of PHP-FPM' },
    },
  ])('is unknown when $is', async ({ reply, gives }) => {
    expect((await onlyPoolOf(on, withReply(reply))).pool.status).toEqual(gives)
  })
})
