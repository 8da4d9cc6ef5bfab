import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../readings/fpm-log.ts'
import type { NginxErrorEntry } from '../readings/nginx-error-log.ts'
import {
  sampleConfig,
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleJournalEntry,
  sampleNowMs,
  samplePool,
  sampleUnit,
  sampleWorkers,
} from '../survey/sample-facts.ts'
import { sampleFailingSite, sampleSite } from '../survey/sample-sites.ts'
import { localTime } from '../survey/sample-logs.ts'
import { diagnose } from './diagnose.ts'

const ids = (facts: Parameters<typeof diagnose>[0], role: string) =>
  diagnose(facts)
    .findings.filter((finding) => finding.role === role)
    .map((finding) => finding.diagnosis)

const systemd = (message: string, secondsAgo: number) =>
  sampleJournalEntry({ atMs: sampleNowMs - secondsAgo * 1000, message })
const killed = {
  activeState: 'failed',
  subState: 'failed',
  result: 'signal',
  execMainCode: 2,
  execMainStatus: 9,
  execMainExitedMs: sampleNowMs - 60_000,
  restart: 'no',
}
const stopped = {
  activeState: 'inactive',
  subState: 'dead',
  result: 'success',
  execMainCode: 1,
  execMainStatus: 0,
  execMainExitedMs: sampleNowMs - 60_000,
}

test('a healthy host has neither causes nor risks', () => {
  expect(diagnose(sampleFacts())).toMatchObject({ status: 'healthy', findings: [], couldNotTell: [] })
})

test('a failing host without a cause found is reported as exactly that', () => {
  expect(diagnose(sampleFacts({ sites: [sampleFailingSite()] }))).toMatchObject({
    status: 'failing',
    findings: [],
    couldNotTell: [{ what: 'why shop.example fails' }],
  })
})

describe('a service that is down', () => {
  test('killed: crashed, by which signal and when, with a start and a drop-in as the cure', () => {
    const [finding] = diagnose(sampleFacts({ fpm: [sampleDownFpm(killed)], sites: [sampleFailingSite()] })).findings
    expect(finding).toMatchObject({
      diagnosis: 'fpm-crashed',
      role: 'cause',
      says: 'php8.2-fpm was killed by signal 9 (SIGKILL) at 2026-11-21T02:59:00.000Z, and nothing starts it again.',
      remediations: [{ id: 'start-service' }, { id: 'restart-on-failure' }],
    })
    expect(finding!.evidence.length).toBeGreaterThanOrEqual(2)
  })

  test('stopped by an operator: said so, and started only with a word', () => {
    const journal = {
      ok: true,
      value: [systemd('Stopping php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...', 60)],
    } as const
    const [finding] = diagnose(
      sampleFacts({ fpm: [sampleDownFpm(stopped, { journal })], sites: [sampleFailingSite()] }),
    ).findings
    expect(finding).toMatchObject({
      diagnosis: 'fpm-stopped',
      remediations: [{ id: 'start-service', input: { startStopped: true } }],
    })
    expect(finding!.says).toContain('as an operator does it')
  })

  test('ended by a TERM that systemd did not send: not taken for an operator', () => {
    const [finding] = diagnose(sampleFacts({ fpm: [sampleDownFpm(stopped)], sites: [sampleFailingSite()] })).findings
    expect(finding).toMatchObject({
      diagnosis: 'fpm-stopped',
      remediations: [{ id: 'start-service', input: { service: 'php8.2-fpm' } }],
    })
    expect(finding!.says).toContain('ended by itself')
  })

  test('a bad end that systemd is not done with yet is a crash, not a clean exit', () => {
    const ending = { ...killed, activeState: 'deactivating', subState: 'stop-post', restart: 'on-failure' }
    const [finding] = diagnose(sampleFacts({ fpm: [sampleDownFpm(ending)], sites: [sampleFailingSite()] })).findings
    expect(finding).toMatchObject({ diagnosis: 'fpm-crashed', role: 'cause' })
  })

  test('a configuration that FPM refuses explains the crash, and only the cause is offered anything', () => {
    const configTest = {
      ok: true,
      value: {
        passes: false,
        exitCode: 78,
        says: [
          "[21-Nov-2026 02:59:00] ERROR: [/etc/php/8.2/fpm/pool.d/www.conf:9] unknown entry 'pm.max_childern'",
          '[21-Nov-2026 02:59:00] ERROR: FPM initialization failed',
        ],
      },
    } as const
    const crashed = {
      activeState: 'failed',
      subState: 'failed',
      result: 'exit-code',
      execMainCode: 1,
      execMainStatus: 78,
      execMainExitedMs: sampleNowMs - 60_000,
    }
    const facts = sampleFacts({ fpm: [sampleDownFpm(crashed, { configTest })], sites: [sampleFailingSite()] })
    expect(ids(facts, 'cause')).toEqual(['fpm-config-invalid'])
    expect(diagnose(facts).findings[0]!.says).toBe(
      "php8.2-fpm is down and cannot start: [/etc/php/8.2/fpm/pool.d/www.conf:9] unknown entry 'pm.max_childern'.",
    )
    expect(diagnose(facts).findings).toContainEqual(
      expect.objectContaining({
        diagnosis: 'fpm-crashed',
        role: 'consequence',
        explainedBy: 'fpm-config-invalid',
        remediations: [],
      }),
    )
  })

  test('a second PHP version that nobody uses may be off', () => {
    const unused = sampleDownFpm(stopped, {
      service: 'php7.4-fpm',
      unit: sampleUnit({ service: 'php7.4-fpm', unitFileState: 'disabled', ...stopped }),
      pools: [samplePool({ subject: 'php7.4-fpm/www', listen: 'unix:/run/php/php7.4-fpm.sock', workers: [] })],
    })
    expect(diagnose(sampleFacts({ fpm: [sampleFpm(), unused] })).findings).toEqual([])
  })
})

describe('pool-exhausted', () => {
  const pool = (waiting: readonly number[], workers = 5) =>
    samplePool({ workers: sampleWorkers(workers), queue: { ok: true, value: { waiting, limit: 4096 } } })
  const facts = (waiting: readonly number[], workers = 5) =>
    sampleFacts({ fpm: [sampleFpm({ pools: [pool(waiting, workers)] })] })

  test('a queue in every look, with all workers there', () => {
    expect(diagnose(facts([3, 4, 4, 5, 7])).findings).toMatchObject([
      {
        diagnosis: 'pool-exhausted',
        says: 'All 5 workers of php8.2-fpm/www are busy, and 7 requests wait for one.',
        remediations: [{ id: 'tune-pool', input: { pool: 'php8.2-fpm/www' } }],
      },
    ])
  })

  test('a burst that some look finds absorbed is none', () => {
    expect(ids(facts([3, 4, 0, 0, 0]), 'cause')).toEqual([])
  })

  test('a pool that may still grow is not out of workers', () => {
    expect(ids(facts([3, 3, 3, 3, 3], 3), 'cause')).toEqual([])
  })

  test('an old "reached max_children" in the log is history', () => {
    const entries: FpmLogEntry[] = [
      { event: 'max-children', pool: 'www', maxChildren: 5, level: 'WARNING', localTime: localTime(86_400), text: '' },
    ]
    expect(
      diagnose(
        sampleFacts({ fpm: [sampleFpm({ log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries } } })] }),
      ).findings,
    ).toEqual([])
  })
})

describe('reload-drops-requests', () => {
  const config = { ok: true, value: sampleConfig() } as const
  const notice = (event: 'reloading' | 'other' | 'ready', text: string, secondsAgo: number): FpmLogEntry => ({
    event,
    level: 'NOTICE',
    localTime: localTime(secondsAgo),
    text,
  })
  const reload = (secondsAgo: number): FpmLogEntry[] => [
    notice('reloading', 'Reloading in progress ...', secondsAgo),
    notice('other', 'using inherited socket fd=8, "/run/php/php8.2-fpm.sock"', secondsAgo),
    notice('ready', 'ready to handle connections', secondsAgo),
  ]
  const reset = (secondsAgo: number): NginxErrorEntry => ({
    localTime: localTime(secondsAgo),
    level: 'error',
    pid: 51,
    message: 'recv() failed (104: Connection reset by peer)',
    phase: 'reading response header from upstream',
    errno: 104,
    client: '10.0.0.9',
    server: 'shop.example',
    request: 'GET / HTTP/1.1',
    upstream: 'fastcgi://unix:/run/php/php8.2-fpm.sock:',
    host: 'shop.example',
    kind: 'reset-before-header',
  })
  const facts = (reloads: readonly FpmLogEntry[], errors: readonly NginxErrorEntry[]) =>
    sampleFacts({
      fpm: [sampleFpm({ config, log: { ok: true, value: { path: '/var/log/php8.2-fpm.log', entries: reloads } } })],
      errors,
    })

  test('is a risk while nothing died', () => {
    expect(ids(facts(reload(60), []), 'risk')).toEqual(['reload-drops-requests'])
  })

  test('is the cause where resets of the last minutes fall on reloads', () => {
    const found = diagnose(facts([...reload(120), ...reload(60)], [reset(119), reset(60), reset(60)])).findings
    expect(found.filter(({ role }) => role !== 'note')).toMatchObject([
      {
        role: 'cause',
        says: '3 requests died at the last 2 reloads of php8.2-fpm, because workers get no time to finish.',
      },
    ])
  })

  test('resets at other times, and old ones, are not blamed on reloads', () => {
    expect(ids(facts(reload(60), [reset(30)]), 'cause')).toEqual([])
    expect(ids(facts(reload(7200), [reset(7200)]), 'cause')).toEqual([])
  })

  test('a reload that killed the master is another fault', () => {
    const died = [
      notice('reloading', 'Reloading in progress ...', 60),
      notice('ready', 'ready to handle connections', 50),
    ]
    expect(ids(facts(died, [reset(60)]), 'cause')).toEqual([])
  })

  test('a value that is on disk but not loaded protects nobody', () => {
    const edited = sampleFpm({ configModifiedMs: sampleNowMs - 1000, loadedAtMs: sampleNowMs - 3_600_000 })
    expect(ids(sampleFacts({ fpm: [edited] }), 'risk')).toEqual(['reload-drops-requests'])
  })
})

test('no-auto-restart is a risk of units that are used', () => {
  expect(ids(sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ restart: 'no' }) })] }), 'risk')).toEqual([
    'no-auto-restart',
  ])
})

test('--site keeps only what serves that site', () => {
  const other = sampleSite({ serverName: 'blog.example', upstreams: ['tcp:127.0.0.1:9000'], probes: [] })
  const facts = sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ restart: 'no' }) })], sites: [sampleSite(), other] })
  expect(diagnose(facts, { site: 'shop.example' }).findings).toHaveLength(1)
  expect(diagnose(facts, { site: 'blog.example' }).findings).toHaveLength(0)
})
