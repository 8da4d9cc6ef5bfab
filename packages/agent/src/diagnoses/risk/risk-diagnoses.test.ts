import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import {
  sampleCapacity,
  sampleConfig,
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleNowMs,
  samplePool,
  samplePoolText,
  sampleUnit,
  sampleWorkers,
} from '../../survey/sample-facts.ts'
import { sampleSite } from '../../survey/sample-sites.ts'
import { localTime } from '../../survey/sample-logs.ts'
import { diagnose } from '../diagnose.ts'

const found = (facts: HostFacts) => diagnose(facts).findings.map(({ diagnosis, role }) => `${role} ${diagnosis}`)
const logged = (...entries: readonly FpmLogEntry[]) =>
  ({ ok: true, value: { path: '/var/log/php8.2-fpm.log', entries } }) as const
const unused = [sampleSite({ upstreams: ['tcp:127.0.0.1:9000'], phpLocations: [] })]

describe('config-not-loaded', () => {
  const ready: FpmLogEntry = {
    event: 'ready',
    level: 'NOTICE',
    localTime: localTime(3600),
    text: 'ready to handle connections',
  }
  const edited = (changes = {}) => sampleFpm({ configModifiedMs: sampleNowMs - 60_000, log: logged(ready), ...changes })
  const says = (facts: HostFacts) => found(facts).filter((line) => line.endsWith('config-not-loaded'))

  test('FPM: edited after the load that the log tells of', () => {
    expect(diagnose(sampleFacts({ fpm: [edited()] })).findings).toContainEqual(
      expect.objectContaining({
        diagnosis: 'config-not-loaded',
        says: 'The configuration of php8.2-fpm was edited at 2026-11-21T02:59:00.000Z and has not been loaded since.',
        remediations: [{ id: 'reload-fpm', input: { service: 'php8.2-fpm' } }],
      }),
    )
  })

  test('nginx: edited after its workers started', () => {
    const healthy = sampleCapacity()
    const capacity = { ...healthy, nginx: { ...healthy.nginx!, configModifiedMs: sampleNowMs - 60_000 } }
    expect(diagnose(sampleFacts({ capacity })).findings).toMatchObject([
      { diagnosis: 'config-not-loaded', role: 'risk', subject: { name: 'nginx' } },
    ])
  })

  test.each([
    { what: 'within the second of the load', fpm: edited({ configModifiedMs: sampleNowMs - 3_600_000 + 900 }) },
    { what: 'where no load was seen, because the log was rotated', fpm: edited({ log: logged() }) },
    {
      what: 'where FPM refuses it, which is worse and is said',
      fpm: edited({ configTest: { ok: true, value: { passes: false, exitCode: 78, says: ['ERROR: no'] } } }),
    },
    { what: 'where nothing runs', fpm: sampleDownFpm({ activeState: 'inactive' }, { log: logged(ready) }) },
  ])('not said $what', ({ fpm }) => {
    expect(says(sampleFacts({ fpm: [fpm] }))).toEqual([])
  })

  test('a service that no site uses may be edited', () => {
    expect(says(sampleFacts({ fpm: [edited()], sites: unused }))).toEqual([])
  })
})

describe('what a drop-in mends', () => {
  const shipped = {
    restart: 'no',
    oomPolicy: 'stop',
    execReload: '{ path=/bin/kill ; argv[]=/bin/kill -USR2 $MAINPID ; ignore_errors=no ; pid=0 }',
  }
  const unit = (changes = {}) => sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit({ ...shipped, ...changes }) })] })

  test('as shipped it is one risk with three pieces of evidence', () => {
    expect(diagnose(unit()).findings).toMatchObject([
      {
        diagnosis: 'no-auto-restart',
        role: 'risk',
        evidence: [
          { says: expect.stringContaining('Restart=no') as string },
          { says: expect.stringContaining('OOMPolicy=stop') as string },
          { says: expect.stringContaining('ExecReload=') as string },
        ],
      },
    ])
  })

  test('where the unit is restarted, each speaks for itself', () => {
    expect(found(unit({ restart: 'on-failure' }))).toEqual(['risk oom-policy-stop', 'note reload-unguarded'])
    expect(found(unit({ restart: 'on-failure', oomPolicy: 'continue' }))).toEqual(['note reload-unguarded'])
  })

  test('with cgroup v1 systemd does not see kills', () => {
    const healthy = sampleCapacity()
    const fpm = healthy.fpm.get('php8.2-fpm')!
    const capacity = {
      ...healthy,
      fpm: new Map([['php8.2-fpm', { ...fpm, memory: { ...fpm.memory!, version: 1 as const } }]]),
    }
    expect(found({ ...unit({ restart: 'on-failure' }), capacity })).toEqual(['note reload-unguarded'])
  })

  test.each([
    `{ path=/usr/sbin/php-fpm8.2 ; argv[]=/usr/sbin/php-fpm8.2 -t --fpm-config /x ; pid=0 }\n${shipped.execReload}`,
    '{ path=/usr/local/bin/reload-php ; argv[]=/usr/local/bin/reload-php ; pid=0 }',
    '',
  ])('a reload that tests first, or of which nothing is known, is not blamed: %s', (execReload) => {
    expect(found(unit({ restart: 'on-failure', oomPolicy: 'continue', execReload }))).toEqual([])
  })
})

describe('what cannot be seen', () => {
  const withPool = (text: string, sites = [sampleSite()]) =>
    found(
      sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig({ pool: text }) } })], sites }),
    ).filter((line) => line.startsWith('note'))

  test('neither status page nor slow log: two notes, which set no status', () => {
    expect(withPool(samplePoolText)).toEqual(['note status-page-off', 'note slowlog-off'])
  })

  test('a status page of its own address counts, and a slow log needs a time', () => {
    expect(withPool(`${samplePoolText}pm.status_listen = 127.0.0.1:9001\nrequest_slowlog_timeout = 5s\n`)).toEqual([])
    expect(withPool(`${samplePoolText}pm.status_path = /status\nrequest_slowlog_timeout = 0\n`)).toEqual([
      'note slowlog-off',
    ])
  })

  test('nobody needs to see into what nobody uses', () => {
    expect(withPool(samplePoolText, unused)).toEqual([])
  })
})

describe('pool-undersized', () => {
  const reached = (secondsAgo: number, maxChildren = 5): FpmLogEntry => ({
    event: 'max-children',
    pool: 'www',
    maxChildren,
    level: 'WARNING',
    localTime: localTime(secondsAgo),
    text: `[pool www] server reached pm.max_children setting (${maxChildren}), consider raising it`,
  })
  const facts = (entry: FpmLogEntry, changes = {}) =>
    found(sampleFacts({ fpm: [sampleFpm({ log: logged(entry), loadedAtMs: sampleNowMs - 7_200_000, ...changes })] }))

  test('at its limit within the hour, with room now', () => {
    expect(facts(reached(600))).toEqual(['risk pool-undersized'])
  })

  test.each([
    { what: 'longer ago', entry: reached(4000), changes: {} },
    { what: 'a size that has been raised since', entry: reached(600, 3), changes: {} },
    { what: 'before a load', entry: reached(600), changes: { loadedAtMs: sampleNowMs - 60_000 } },
  ])('$what is history', ({ entry, changes }) => {
    expect(facts(entry, changes)).toEqual([])
  })

  test('while requests wait now, the pool is exhausted, and not only undersized', () => {
    const queue = { ok: true, value: { waiting: [2, 3, 3, 4, 4], limit: 511 } } as const
    const pools = [samplePool({ workers: sampleWorkers(5), queue })]
    expect(facts(reached(5), { pools })).toEqual(['cause pool-exhausted'])
  })
})

describe('backlog-small', () => {
  const room = (limit: number, sites = [sampleSite()]) => {
    const queue = { ok: true, value: { waiting: [0, 0, 0, 0, 0], limit } } as const
    return found(sampleFacts({ fpm: [sampleFpm({ pools: [samplePool({ queue })] })], sites }))
  }

  test('room for a few is a risk, unless nobody uses it', () => {
    expect(room(5)).toEqual(['risk backlog-small'])
    expect(room(128)).toEqual([])
    expect(room(5, unused)).toEqual([])
  })
})
