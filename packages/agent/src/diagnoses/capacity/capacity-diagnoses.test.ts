import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import type { CapacityFacts } from '../../survey/capacity-facts.ts'
import type { FpmFacts, HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import {
  sampleCapacity,
  sampleDisk,
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleNowMs,
  samplePool,
  sampleWorkers,
} from '../../survey/sample-facts.ts'
import { sampleSite } from '../../survey/sample-sites.ts'
import { about, fpmCapacity, fpmLog, localTime, nginxLog } from '../../survey/sample-logs.ts'
import { diagnose } from '../diagnose.ts'

const found = (facts: HostFacts) => diagnose(facts).findings.map(({ diagnosis, role }) => `${role} ${diagnosis}`)

const queue = (waiting: readonly number[], limit: number) => ({ ok: true, value: { waiting, limit } }) as const

describe('backlog-full', () => {
  const away = (secondsAgo: number) =>
    nginxLog(
      secondsAgo,
      `connect() to unix:/run/php/php8.2-fpm.sock failed (11: Resource temporarily unavailable)${about('connecting to upstream')}`,
    )
  const pool = (waiting: readonly number[], limit: number, workers: number) =>
    sampleFpm({ pools: [samplePool({ workers: sampleWorkers(workers), queue: queue(waiting, limit) })] })

  test('bursts that a short queue turned away are its own fault', () => {
    const [finding] = diagnose(
      sampleFacts({ fpm: [pool([0, 0, 0, 0, 0], 5, 3)], errors: [...away(30), ...away(20)] }),
    ).findings
    expect(finding).toMatchObject({
      diagnosis: 'backlog-full',
      role: 'cause',
      says: 'The queue of 5 of php8.2-fpm/www is full, and nginx turns requests away.',
    })
    expect(finding!.evidence.length).toBeGreaterThanOrEqual(2)
  })

  test('behind a pool without a free worker it only follows', () => {
    const facts = sampleFacts({ fpm: [pool([2, 2, 2, 2, 2], 1, 5)], errors: [...away(2)] })
    expect(found(facts)).toEqual(['cause pool-exhausted', 'consequence backlog-full'])
  })

  test('what nginx itself meets now counts without any line', () => {
    const probe = {
      site: 'shop.example',
      over: 'fastcgi',
      passed: false,
      errno: 'EAGAIN',
      says: 'full',
      tookMs: 1,
    } as const
    const facts = sampleFacts({ fpm: [pool([0, 0, 0, 0, 0], 1, 3)], sites: [sampleSite({ probes: [probe] })] })
    expect(found(facts)).toEqual(['cause backlog-full'])
  })

  describe('over TCP, where who finds no room tries again in silence', () => {
    const short = (connections: PoolFacts['connections'], fpm: Partial<FpmFacts> = {}) =>
      found(
        sampleFacts({
          fpm: [
            sampleFpm({
              loadedAtMs: sampleNowMs - 60_000,
              ...fpm,
              pools: [
                samplePool({
                  listen: 'tcp:127.0.0.1:9000',
                  workers: sampleWorkers(5),
                  queue: queue([0], 1),
                  connections,
                }),
              ],
            }),
          ],
        }),
      )

    test.each([
      {
        what: 'all workers are busy, and the queue is empty for a moment',
        connections: { held: 5, droppedAgoMs: [300, 1200] },
        finds: ['cause pool-exhausted', 'consequence backlog-full'],
      },
      {
        what: 'one is free for a moment, too',
        connections: { held: 4, droppedAgoMs: [300] },
        finds: ['cause backlog-full'],
      },
      {
        what: 'a firewall drops them: workers hold nothing',
        connections: { held: 0, droppedAgoMs: [300, 400] },
        finds: [],
      },
      {
        what: 'they were dropped long ago',
        connections: { held: 5, droppedAgoMs: [2100, 16_000] },
        finds: [],
      },
      {
        what: 'one is in the middle of its handshake',
        connections: { held: 5, droppedAgoMs: [0] },
        finds: [],
      },
    ])('$what', ({ connections, finds }) => {
      expect(short(connections)).toEqual(finds)
    })

    test('what was dropped before the last load says nothing of the queue that is there now', () => {
      const loadedAtMs = sampleNowMs - 1500
      expect(short({ held: 5, droppedAgoMs: [1200] }, { loadedAtMs })).toEqual([])
    })
  })

  test.each([
    { what: 'an old line', errors: away(3000), fpm: {} },
    { what: 'a line from before the restart', errors: away(60), fpm: { loadedAtMs: sampleNowMs - 30_000 } },
    {
      what: 'a visitor who writes such a line',
      errors: nginxLog(
        5,
        `open() "/var/www/x" failed (2: No such file or directory), client: 10.0.0.9, server: shop.example, request: "GET /connect()%20to%20unix:/run/php/php8.2-fpm.sock%20failed%20(11: Resource temporarily unavailable)"`,
      ),
      fpm: {},
    },
    {
      what: 'a script that writes such a line',
      errors: nginxLog(
        5,
        `connect() to unix:/run/php/php8.2-fpm.sock failed (11: Resource temporarily unavailable)${about('connecting to upstream')}`,
        4711,
      ),
      fpm: {},
    },
  ])('$what is nothing', ({ errors, fpm }) => {
    expect(found(sampleFacts({ fpm: [sampleFpm(fpm)], errors }))).toEqual([])
  })
})

describe('nginx at its own limits', () => {
  const limits = (changes: Partial<NonNullable<CapacityFacts['nginx']>>) => {
    const healthy = sampleCapacity()
    return { ...healthy, nginx: { ...healthy.nginx!, ...changes } }
  }
  const connections = (count: number, secondsAgo = 5, pid = 51) =>
    nginxLog(secondsAgo, `${count} worker_connections are not enough${about('connecting to upstream')}`, pid)
  const files = (secondsAgo = 5, pid = 51) =>
    nginxLog(secondsAgo, `socket() failed (24: Too many open files)${about('connecting to upstream')}`, pid)

  test('out of connections, told by log and configuration', () => {
    const [finding] = diagnose(sampleFacts({ errors: connections(768) })).findings
    expect(finding).toMatchObject({
      diagnosis: 'nginx-connections-exhausted',
      role: 'cause',
      evidence: [{ source: 'nginx error log' }, { source: '/etc/nginx/nginx.conf:8', says: 'worker_connections 768' }],
    })
  })

  test('out of files, told by log and /proc', () => {
    const capacity = limits({
      openFiles: { limit: 16, now: 15 },
      workerFiles: { value: 16, setAt: '/etc/nginx/nginx.conf:4' },
    })
    const [finding] = diagnose(sampleFacts({ errors: files(), capacity })).findings
    expect(finding).toMatchObject({
      diagnosis: 'fd-limit',
      says: 'nginx may not open more than 16 files per worker, and requests fail for want of one.',
    })
    expect(finding!.evidence).toHaveLength(3)
  })

  test.each([
    { what: 'a limit that has been raised since', errors: connections(10) },
    { what: 'an old line', errors: [...connections(768, 4000), ...files(4000)] },
    { what: 'a script that writes such a line', errors: [...connections(768, 5, 4711), ...files(5, 4711)] },
  ])('$what is nothing', ({ errors }) => {
    expect(found(sampleFacts({ errors }))).toEqual([])
  })
})

describe('fork-limit', () => {
  const failure = (secondsAgo: number, level: 'ERROR' | 'WARNING' = 'ERROR', before = ''): FpmLogEntry => ({
    event: 'other',
    level,
    localTime: localTime(secondsAgo),
    text: `${before}fork() failed: Resource temporarily unavailable (11)`,
  })

  test('a pool that may not grow: log, limit and workers say so', () => {
    const capacity = fpmCapacity({ processes: { limit: 3, now: 3, path: '/sys/fs/cgroup/x' } })
    const [finding] = diagnose(sampleFacts({ fpm: [fpmLog([failure(2), failure(1)])], capacity })).findings
    expect(finding).toMatchObject({
      diagnosis: 'fork-limit',
      role: 'cause',
      says: 'php8.2-fpm may not start more than 3 processes, so its pools stay too small.',
    })
    expect(finding!.evidence).toHaveLength(3)
  })

  test('a start that may not fork is why the service is down', () => {
    const down = sampleDownFpm(
      { activeState: 'failed', subState: 'failed', result: 'protocol', execMainExitedMs: sampleNowMs - 5000 },
      { log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries: [failure(5)] } } },
    )
    expect(found(sampleFacts({ fpm: [down] })).filter((line) => line.startsWith('cause'))).toEqual(['cause fork-limit'])
  })

  test.each([
    { what: 'one that is over', entries: [failure(600)] },
    {
      what: 'a worker that writes such words',
      entries: [failure(1, 'WARNING', '[pool www] child 5 said into stderr: ')],
    },
  ])('$what is nothing', ({ entries }) => {
    expect(found(sampleFacts({ fpm: [fpmLog(entries)] }))).toEqual([])
  })
})

describe('keepalive-pins-workers', () => {
  const kept = {
    group: 'php',
    addresses: ['unix:/run/php/php8.2-fpm.sock' as const],
    perWorker: 8,
    setAt: '/etc/nginx/sites-enabled/default:3',
    keptBy: '/etc/nginx/sites-enabled/default:9',
  }
  const facts = (held: number, waiting: readonly number[], perWorker = 8) => {
    const capacity = fpmCapacity({ held: new Map([['www', held]]) })
    return sampleFacts({
      fpm: [sampleFpm({ pools: [samplePool({ workers: sampleWorkers(5), queue: queue(waiting, 511) })] })],
      capacity: { ...capacity, nginx: { ...capacity.nginx!, kept: [{ ...kept, perWorker }] } },
    })
  }

  test('held workers while requests wait: the cause, and the pool is not too small', () => {
    const pinned = facts(5, [2, 2, 2, 2, 2])
    expect(found(pinned)).toEqual(['cause keepalive-pins-workers', 'consequence pool-exhausted'])
    expect(diagnose(pinned).findings[0]!.says).toBe(
      '5 of the 5 workers of php8.2-fpm/www wait on idle connections that nginx keeps open, while requests queue.',
    )
  })

  test('as many kept connections as workers are a risk, fewer are none', () => {
    expect(found(facts(2, [0, 0, 0, 0, 0]))).toEqual(['risk keepalive-pins-workers'])
    expect(found(facts(2, [0, 0, 0, 0, 0], 4))).toEqual([])
  })

  test('workers that are at work are not blamed on kept connections', () => {
    expect(found(facts(1, [2, 2, 2, 2, 2], 4))).toEqual(['cause pool-exhausted'])
  })
})

describe('disk-full', () => {
  const disks = (...value: ReturnType<typeof sampleDisk>[]) => ({
    ...sampleCapacity(),
    disks: { ok: true, value } as const,
  })
  const full = (use: 'bodies' | 'log' | 'runtime', changes = {}) => sampleDisk({ use, freeBytes: 0, ...changes })

  test('no room for bodies fails requests', () => {
    expect(diagnose(sampleFacts({ capacity: disks(full('bodies')) })).findings).toMatchObject([
      {
        diagnosis: 'disk-full',
        role: 'cause',
        says: '/ has no byte left, and nginx cannot keep big requests and answers.',
      },
    ])
  })

  test('no room for a log or a socket is a risk while the service runs, and the cause when it is down', () => {
    const capacity = disks(full('runtime', { service: 'php8.2-fpm', path: '/run/php', mountedAt: '/run' }))
    expect(found(sampleFacts({ capacity }))).toEqual(['risk disk-full'])
    const down = sampleDownFpm({
      activeState: 'failed',
      subState: 'failed',
      result: 'exit-code',
      execMainCode: 1,
      execMainStatus: 78,
    })
    expect(found(sampleFacts({ fpm: [down], capacity })).filter((line) => line.startsWith('cause'))).toEqual([
      'cause disk-full',
    ])
  })

  test('inodes run out, too, and one disk is one finding', () => {
    const capacity = disks(
      full('bodies', { freeBytes: 1e9, freeInodes: 0 }),
      full('log', { freeBytes: 1e9, freeInodes: 0 }),
    )
    expect(diagnose(sampleFacts({ capacity })).findings).toMatchObject([
      { says: expect.stringContaining('no inode left') as string },
    ])
  })

  test('a disk that is nearly full is not full', () => {
    expect(found(sampleFacts({ capacity: disks(full('bodies', { freeBytes: 50 * 1024 ** 2 })) }))).toEqual([])
  })
})
