import { describe, expect, test } from 'vitest'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { HostFacts, PoolFacts } from '../../survey/host-facts.ts'
import { sampleConfig, sampleFacts, sampleNowMs, samplePool, samplePoolText } from '../../survey/sample-facts.ts'
import { sampleAnsweringSite, sampleSite } from '../../survey/sample-sites.ts'
import { explain } from '../../judgement/explain.ts'
import { fpmLine, fpmWithLog, nginxLine } from '../../survey/sample-lines.ts'
import { fatalErrors } from './fatal-errors.ts'
import { workerCrashing } from './worker-crashing.ts'
import { workersCannotRun } from './workers-cannot-run.ts'

const seconds = (...ago: readonly number[]) => ago
const resetSays = 'recv() failed (104: Connection reset by peer) while reading response header from upstream'
const reset = (secondsAgo: number): NginxErrorEntry =>
  nginxLine({ secondsAgo, says: resetSays, request: 'GET /cart.php?id=7 HTTP/1.1' })

describe('worker-crashing', () => {
  const crash = (secondsAgo: number, signal = '11 (SIGSEGV)', pool = 'www') =>
    fpmLine(
      `WARNING: [pool ${pool}] child 201 exited on signal ${signal} after 3.100000 seconds from start`,
      secondsAgo,
    )
  const judge = (crashes: readonly ReturnType<typeof crash>[], errors: readonly NginxErrorEntry[], changes = {}) =>
    workerCrashing.judge(sampleFacts({ fpm: [fpmWithLog(crashes, changes)], errors }))

  test('workers that died of their own fault, while requests were reset', () => {
    const found = judge([crash(60), crash(50, '6 (SIGABRT - core dumped)'), crash(40)], seconds(60, 50, 39).map(reset))
    expect(found).toMatchObject([
      {
        role: 'cause',
        subject: { kind: 'pool', name: 'php8.2-fpm/www' },
        says: '3 workers of php8.2-fpm/www crashed in the last minutes: ended on signal 11 (SIGSEGV) 2 times, on signal 6 (SIGABRT) once.',
      },
    ])
    expect(found[0]!.evidence.map(({ says }) => says).join()).toContain(
      '3 requests reset at those moments (104), mostly /cart.php',
    )
  })

  test('one alone is a note, and so are several that nobody has felt', () => {
    expect(judge([crash(60)], [reset(60)])).toMatchObject([{ role: 'note' }])
    expect(judge([crash(60), crash(50)], [])).toMatchObject([{ role: 'note' }])
    expect(judge([crash(60), crash(50)], [reset(200)])).toMatchObject([{ role: 'note' }])
  })

  test.each([
    { is: 'killed from outside', crashes: [crash(60, '9 (SIGKILL)'), crash(50, '15 (SIGTERM)')] },
    { is: 'of another pool', crashes: [crash(60, '11 (SIGSEGV)', 'api'), crash(50, '11 (SIGSEGV)', 'api')] },
    { is: 'an hour old', crashes: [crash(3600), crash(3590)] },
    {
      is: 'said by a script, not by FPM',
      crashes: seconds(60, 50).map((ago) =>
        fpmLine(
          'WARNING: [pool www] child 201 said into stderr: "[pool www] child 201 exited on signal 11 (SIGSEGV) after 1 seconds from start"',
          ago,
        ),
      ),
    },
  ])('workers $is are none', ({ crashes }) => {
    expect(judge(crashes, seconds(60, 50).map(reset))).toEqual([])
  })

  test('what crashed before FPM was started anew may have been mended', () => {
    expect(judge([crash(60), crash(50)], seconds(60, 50).map(reset), { loadedAtMs: sampleNowMs - 50_000 })).toEqual([])
  })

  test('resets that nginx logged about another address are not these', () => {
    const elsewhere = seconds(60, 50).map((secondsAgo) =>
      nginxLine({ secondsAgo, says: resetSays, upstream: 'fastcgi://unix:/evil.sock:' }),
    )
    expect(judge([crash(60), crash(50)], elsewhere)).toMatchObject([{ role: 'note' }])
  })
})

describe('workers-cannot-run', () => {
  const exit = (secondsAgo: number, code = 70, after = '0.003100') =>
    fpmLine(`WARNING: [pool www] child 201 exited with code ${code} after ${after} seconds from start`, secondsAgo)
  const loop = (code = 70, after = '0.003100') =>
    Array.from({ length: 40 }, (_, i) => exit(Math.floor(i / 10), code, after))
  const stuck = samplePool({ queue: { ok: true, value: { waiting: [3, 3, 4, 4, 4], limit: 4096 } } })
  const deaf = sampleSite({
    probes: [
      {
        site: 'shop.example',
        over: 'fastcgi',
        upstream: 'unix:/run/php/php8.2-fpm.sock',
        passed: false,
        says: 'unix:/run/php/php8.2-fpm.sock took the connection but did not answer in 5000 ms',
        tookMs: 5000,
      },
    ],
  })
  const facts = (
    entries: readonly ReturnType<typeof exit>[],
    { pool = stuck, site = deaf, text = samplePoolText }: { pool?: PoolFacts; site?: typeof deaf; text?: string } = {},
  ): HostFacts =>
    sampleFacts({
      fpm: [fpmWithLog(entries, { pools: [pool], config: { ok: true, value: sampleConfig({ pool: text }) } })],
      sites: [site],
    })

  test('a folder that is gone, named with where it is set', () => {
    const at = '/etc/php/8.2/fpm/pool.d/www.conf:9'
    const gone = { ...stuck, workingFolders: [{ directive: 'chdir', path: '/srv/shop', at, exists: false }] }
    expect(workersCannotRun.judge(facts(loop(), { pool: gone }))).toMatchObject([
      {
        role: 'cause',
        says: 'Every worker of php8.2-fpm/www ends with exit code 70 as soon as it begins: chdir = /srv/shop, which is not there.',
        withoutRemediation: expect.stringContaining('/srv/shop'),
      },
    ])
  })

  test('too few descriptors, with exit code 0', () => {
    const [finding] = workersCannotRun.judge(facts(loop(0), { text: `${samplePoolText}rlimit_files = 5\n` }))
    expect(finding?.says).toContain('rlimit_files = 5')
  })

  test('it explains the queue and the requests that ran out of time in it', () => {
    const findings = explain([
      ...workersCannotRun.judge(facts(loop())),
      {
        diagnosis: 'pool-exhausted',
        role: 'cause',
        subject: { kind: 'pool', name: 'php8.2-fpm/www' },
        says: '',
        evidence: [],
        remediations: [],
      },
    ])
    expect(findings.map(({ diagnosis, role }) => [diagnosis, role])).toEqual([
      ['workers-cannot-run', 'cause'],
      ['pool-exhausted', 'consequence'],
    ])
  })

  test.each([
    { is: 'serves', given: facts(loop(), { pool: samplePool(), site: sampleSite() }) },
    { is: 'looped an hour ago', given: facts(Array.from({ length: 40 }, () => exit(3600))) },
    { is: 'lost a few workers', given: facts(loop().slice(0, 5)) },
    { is: 'has workers that live for minutes', given: facts(loop(0, '64.200000')) },
    {
      is: 'has workers for one quick request each',
      given: facts(loop(0), { text: `${samplePoolText}pm.max_requests = 1\n` }),
    },
  ])('a pool that $is has no such fault', ({ given }) => {
    expect(workersCannotRun.judge(given)).toEqual([])
  })
})

describe('fatal-errors', () => {
  const fatal = (
    secondsAgo: number,
    says = 'PHP message: PHP Fatal error:  Uncaught Error: Call to undefined function shop() in /srv/shop/index.php:4',
  ) => nginxLine({ secondsAgo, says: `FastCGI sent in stderr: "${says}" while reading response header from upstream` })
  const judge = (errors: readonly NginxErrorEntry[], site = sampleSite()) =>
    fatalErrors.judge(sampleFacts({ errors, sites: [site] }))

  test('are the cause while the front page answers 500', () => {
    expect(judge([fatal(0)], sampleAnsweringSite(500))).toMatchObject([
      {
        role: 'cause',
        says: 'The application behind php8.2-fpm/www answers 500: Error: Call to undefined function shop() in /srv/shop/index.php:4.',
        remediations: [],
      },
    ])
  })

  test('are the cause while most visitors get 500', () => {
    const requests = (failed: number) =>
      sampleSite({
        requests: {
          ok: true,
          value: {
            total: 40,
            byStatus: new Map([
              [500, failed],
              [200, 40 - failed],
            ]),
          },
        },
      })
    expect(judge([fatal(20)], requests(30))).toMatchObject([{ role: 'cause' }])
    expect(judge([fatal(20)], requests(10))).toMatchObject([{ role: 'note' }])
  })

  test('whose trace is so long that nginx has cut off what it is about', () => {
    const { upstream: _, ...cut } = fatal(0)
    const line = { ...cut, upstream: null, message: `${cut.message}${'#0 x'.repeat(500)}` }
    expect(judge([line], sampleAnsweringSite(500))).toMatchObject([{ role: 'cause' }])
    expect(judge([line], sampleAnsweringSite(200))).toEqual([])
    expect(judge([{ ...line, localTime: fatal(60).localTime }], sampleAnsweringSite(500))).toEqual([])
  })

  test('of one page are a note', () => {
    expect(judge([fatal(60), fatal(50)])).toMatchObject([
      {
        role: 'note',
        says: '2 requests of the last minutes ended in a fatal error of the application behind php8.2-fpm/www.',
      },
    ])
  })

  test('that are old are over, and a 502 has another reason', () => {
    expect(judge([fatal(3600)], sampleAnsweringSite(500))).toEqual([])
    expect(judge([fatal(60)], sampleAnsweringSite(502))).toMatchObject([{ role: 'note' }])
  })

  test('of PHP 7.4 follow what was said before without a break', () => {
    const said =
      'PHP message: PHP Warning:  require(a.php): failed to open stream in /srv/x.php on line 2PHP message: PHP Fatal error:  require(): Failed opening required in /srv/x.php on line 2'
    expect(judge([fatal(1, said)], sampleAnsweringSite(500))).toMatchObject([
      { role: 'cause', says: expect.stringContaining('require(): Failed opening required in /srv/x.php on line 2') },
    ])
  })

  test('of the second in which FPM was started count only if it is this one', () => {
    const loaded = (ago: number) =>
      sampleFacts({
        errors: [fatal(ago)],
        sites: [sampleAnsweringSite(500)],
        fpm: [fpmWithLog([], { loadedAtMs: sampleNowMs - ago * 1000 })],
      })
    expect(fatalErrors.judge(loaded(0))).toMatchObject([{ role: 'cause' }])
    expect(fatalErrors.judge(loaded(5))).toEqual([])
  })

  test('warnings are none, and neither is text that speaks of them', () => {
    expect(
      judge(
        [fatal(1, 'PHP message: PHP Warning:  Undefined variable $x in /srv/shop/index.php on line 3')],
        sampleAnsweringSite(500),
      ),
    ).toEqual([])
    expect(
      judge([fatal(1, 'PHP message: visitor wrote: PHP Fatal error: all is lost')], sampleAnsweringSite(500)),
    ).toEqual([])
  })

  test('their text is put on one line and cut short', () => {
    const [finding] = judge(
      [fatal(1, `PHP message: PHP Fatal error:  Uncaught Exception: \u001b[2J${'x'.repeat(500)}`)],
      sampleAnsweringSite(500),
    )
    expect(finding!.says).toMatch(/^The application behind php8\.2-fpm\/www answers 500: Exception:  \[2Jx{100,} …\.$/)
  })
})
