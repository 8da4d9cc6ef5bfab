import { describe, expect, test } from 'vitest'
import { explain } from '../../judgement/explain.ts'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import {
  sampleConfig,
  sampleDownFpm,
  sampleFacts,
  sampleNowMs,
  samplePool,
  samplePoolText,
  sampleWorkers,
} from '../../survey/sample-facts.ts'
import { samplePhpLocation, sampleSite } from '../../survey/sample-sites.ts'
import { poolExhausted } from '../capacity/pool-exhausted.ts'
import { fpmLine, fpmWithLog, nginxLine } from '../../survey/sample-lines.ts'
import { slowRequests } from './slow-requests.ts'
import { terminatedByTimeout } from './terminated-by-timeout.ts'
import { timeoutsInconsistent } from './timeouts-inconsistent.ts'
import { upstreamTimeout } from './upstream-timeout.ts'

const reset = (secondsAgo: number): NginxErrorEntry =>
  nginxLine({
    secondsAgo,
    says: 'recv() failed (104: Connection reset by peer) while reading response header from upstream',
    request: 'GET /report.php?year=2026 HTTP/1.1',
  })
const late = (secondsAgo: number, changes: Partial<Parameters<typeof nginxLine>[0]> = {}): NginxErrorEntry =>
  nginxLine({
    secondsAgo,
    says: 'upstream timed out (110: Connection timed out) while reading response header from upstream',
    // nginx leaves the colon out on these lines.
    upstream: 'fastcgi://unix:/run/php/php8.2-fpm.sock',
    ...changes,
  })
const withPool = (lines: string): Pick<FpmFacts, 'config'> => ({
  config: { ok: true, value: sampleConfig({ pool: `${samplePoolText}${lines}\n` }) },
})

describe('terminated-by-timeout', () => {
  const timedOut = (secondsAgo: number, pid = 201, about = '\'/srv/report.php\' (request: "GET /report.php")') =>
    fpmLine(
      `WARNING: [pool www] child ${pid}, script ${about} execution timed out (2.400000 sec), terminating`,
      secondsAgo,
    )
  const term = (secondsAgo: number, pid = 201) =>
    fpmLine(
      `WARNING: [pool www] child ${pid} exited on signal 15 (SIGTERM) after 9.100000 seconds from start`,
      secondsAgo,
    )
  const ended = (secondsAgo: number, pid = 201) => [timedOut(secondsAgo, pid), term(secondsAgo, pid)]
  const judge = (
    entries: readonly ReturnType<typeof term>[],
    errors: readonly NginxErrorEntry[],
    changes: Partial<FpmFacts> = {},
  ) =>
    terminatedByTimeout.judge(
      sampleFacts({
        fpm: [fpmWithLog(entries, { ...withPool('request_terminate_timeout = 2s'), ...changes })],
        errors,
      }),
    )

  test('FPM said so and ended the same worker, and a visitor lost the request', () => {
    const [finding] = judge([...ended(60), ...ended(30, 202)], [reset(60), reset(29)])
    expect(finding).toMatchObject({
      role: 'cause',
      says: 'FPM ended 2 requests of php8.2-fpm/www in the last minutes, because they took longer than request_terminate_timeout = 2s.',
    })
    expect(finding!.evidence.map(({ source }) => source)).toEqual([
      '/var/log/php8.2-fpm.log',
      expect.stringMatching(/^\/etc\/php\/8\.2\/fpm\/pool\.d\/www\.conf:\d+$/),
      'nginx error log',
    ])
  })

  test('one alone, or some that no visitor waited for any more, are a note', () => {
    expect(judge(ended(60), [reset(60)])).toMatchObject([{ role: 'note' }])
    expect(judge([...ended(60), ...ended(30)], [late(70), late(40)])).toMatchObject([{ role: 'note' }])
  })

  test.each([
    { is: 'a SIGTERM from elsewhere', entries: [term(60), term(30, 202)] },
    { is: 'a line that no death follows', entries: [timedOut(60), timedOut(30, 202)] },
    { is: 'the death of another worker', entries: [timedOut(60), term(60, 999)] },
    { is: 'an idle connection of nginx', entries: [timedOut(60, 201, '\'\' (request: " ")'), term(60)] },
    { is: 'an hour ago', entries: [...ended(3600), ...ended(3500)] },
  ])('$is is none', ({ entries }) => {
    expect(judge(entries, [reset(60), reset(30)])).toEqual([])
  })

  test('a limit that was changed and loaded since is over', () => {
    expect(judge([...ended(60), ...ended(30)], [reset(60), reset(30)], { loadedAtMs: sampleNowMs - 20_000 })).toEqual(
      [],
    )
  })

  test('a worker that PHP itself could only end by leaving (exit code 124)', () => {
    const left = (secondsAgo: number, code = 124) =>
      fpmLine(`WARNING: [pool www] child 201 exited with code ${code} after 3.046196 seconds from start`, secondsAgo)
    expect(judge([left(60), left(30)], [reset(60), reset(30)])).toMatchObject([
      { role: 'cause', says: expect.stringContaining('max_execution_time was over') },
    ])
    expect(judge([left(60), left(30)], [])).toEqual([])
    expect(judge([left(60, 255), left(30, 255)], [reset(60), reset(30)])).toEqual([])
  })
})

describe('upstream-timeout', () => {
  const judge = (errors: readonly NginxErrorEntry[], changes: Parameters<typeof sampleFacts>[0] = {}) =>
    upstreamTimeout.judge(sampleFacts({ errors, ...changes }))

  test('says how often, and what nginx waits', () => {
    const site = sampleSite({
      phpLocations: [samplePhpLocation({ readTimeout: { text: '1s', at: '/etc/nginx/sites-enabled/shop:17' } })],
    })
    const [finding] = judge([late(60), late(50)], { sites: [site] })
    expect(finding).toMatchObject({ role: 'cause', subject: { kind: 'pool', name: 'php8.2-fpm/www' } })
    expect(finding!.evidence).toContainEqual({
      source: '/etc/nginx/sites-enabled/shop:17',
      says: 'fastcgi_read_timeout 1s',
    })
  })

  test('one alone is a note', () => {
    expect(judge([late(60)])).toMatchObject([{ role: 'note' }])
  })

  test.each([
    { is: 'an hour old', errors: [late(3600), late(3500)] },
    { is: 'of an nginx worker that is gone', errors: [late(60, { pid: 40 }), late(50, { pid: 40 })] },
    {
      is: 'about a stall after the headers',
      errors: [60, 50].map((ago) =>
        late(ago, { says: 'upstream timed out (110: Connection timed out) while reading upstream' }),
      ),
    },
    {
      is: 'about an address of no site',
      errors: [60, 50].map((ago) => late(ago, { upstream: 'fastcgi://unix:/srv/x.sock' })),
    },
    {
      is: 'about another address, with a Host header that speaks of ours',
      errors: [60, 50].map((ago) =>
        late(ago, {
          upstream: 'fastcgi://unix:/srv/x.sock',
          host: 'x", upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:',
        }),
      ),
    },
  ])('lines that are $is are none', ({ errors }) => {
    expect(judge(errors)).toEqual([])
  })

  test('while FPM is down, what timed out before is not what fails', () => {
    const down = sampleDownFpm({ activeState: 'failed', subState: 'failed', result: 'signal' })
    expect(judge([late(60), late(50)], { fpm: [down] })).toEqual([])
  })

  test('a pool without workers left explains it', () => {
    const pool = samplePool({
      workers: sampleWorkers(5),
      queue: { ok: true, value: { waiting: [3, 3, 3, 3, 3], limit: 4096 } },
    })
    const facts = sampleFacts({ fpm: [fpmWithLog([], { pools: [pool] })], errors: [late(60), late(50)] })
    const findings = explain([...poolExhausted.judge(facts), ...upstreamTimeout.judge(facts)])
    expect(findings).toMatchObject([
      { diagnosis: 'pool-exhausted', role: 'cause' },
      { diagnosis: 'upstream-timeout', role: 'consequence', explainedBy: 'pool-exhausted' },
    ])
  })
})

describe('timeouts-inconsistent', () => {
  const facts = (lines: string, errors: readonly NginxErrorEntry[] = [], readTimeout = '60s'): HostFacts =>
    sampleFacts({
      fpm: [fpmWithLog([], withPool(lines))],
      sites: [sampleSite({ phpLocations: [samplePhpLocation({ readTimeout: { text: readTimeout, at: null } })] })],
      errors,
    })

  test('a limit beyond what nginx waits', () => {
    expect(timeoutsInconsistent.judge(facts('request_terminate_timeout = 2m'))).toMatchObject([
      {
        role: 'risk',
        says: 'Workers of php8.2-fpm/www may go on for 120 s with requests that nginx gives up on after 60s.',
      },
    ])
  })

  test('no limit, as shipped, only where nginx has given up lately', () => {
    expect(timeoutsInconsistent.judge(facts('', [late(60)]))).toMatchObject([
      {
        role: 'risk',
        says: 'Workers of php8.2-fpm/www go on with requests that nginx has given up on, without any limit.',
      },
    ])
    expect(timeoutsInconsistent.judge(facts('', [late(3600)]))).toEqual([])
  })

  test.each([
    { is: 'the same', lines: 'request_terminate_timeout = 60s', readTimeout: '60s' },
    { is: 'shorter', lines: 'request_terminate_timeout = 30s', readTimeout: '1m' },
    { is: 'known to the master alone', lines: 'request_terminate_timeout = ${LIMIT}', readTimeout: '60s' },
  ])('a limit that is $is is consistent', ({ lines, readTimeout }) => {
    expect(timeoutsInconsistent.judge(facts(lines, [], readTimeout))).toEqual([])
  })
})

describe('slow-requests', () => {
  const slow = (secondsAgo: number) =>
    fpmLine(
      'WARNING: [pool www] child 201, script \'/srv/list.php\' (request: "GET /list.php") executing too slow (1.300177 sec), logging',
      secondsAgo,
    )
  const pool = samplePool({
    slowLog: {
      ok: true,
      value: {
        path: '/var/log/www.slow.log',
        records: ['usleep() /srv/list.php:6', 'usleep() /srv/list.php:6', 'hash() /srv/x.php:7'].map((frame) => ({
          localTime: slow(60).localTime ?? '',
          pool: 'www',
          pid: 201,
          script: '/srv/list.php',
          frames: [frame],
        })),
      },
    },
  })
  const judge = (entries: readonly ReturnType<typeof slow>[]) =>
    slowRequests.judge(
      sampleFacts({ fpm: [fpmWithLog(entries, { pools: [pool], ...withPool('request_slowlog_timeout = 1s') })] }),
    )

  test('are a note that says where most of them were', () => {
    const [finding] = judge([slow(60), slow(50)])
    expect(finding).toMatchObject({
      role: 'note',
      says: '2 requests of php8.2-fpm/www took longer than 1s in the last minutes.',
    })
    expect(finding!.evidence[1]).toEqual({
      source: '/var/log/www.slow.log',
      says: '2 of 3 records in usleep() /srv/list.php:6',
    })
  })

  test('of an hour ago are over', () => {
    expect(judge([slow(3600)])).toEqual([])
  })
})
