import { describe, expect, test } from 'vitest'
import type { AdminSession } from '../../readings/admin-journal.ts'
import type { JournalEntry } from '../../readings/journal.ts'
import type { UnitProperties } from '../../readings/unit-properties.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import {
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleJournalEntry,
  sampleNowMs,
  samplePool,
  sampleUnit,
} from '../../survey/sample-facts.ts'
import { sampleFailingSite, sampleSite } from '../../survey/sample-sites.ts'
import { samplePass, samplePeer, sampleUpstream } from '../../survey/sample-addresses.ts'
import { diagnose } from '../diagnose.ts'

const agoMs = (seconds: number) => sampleNowMs - seconds * 1000
const entry = (message: string, secondsAgo = 60, identifier = 'systemd', pid = 1) =>
  sampleJournalEntry({ atMs: agoMs(secondsAgo), message, identifier, pid })
const journal = (...entries: readonly JournalEntry[]) => ({ ok: true, value: entries }) as const

const failed = { activeState: 'failed', subState: 'failed', execMainExitedMs: agoMs(60), execMainPid: 233 }
const inactive = { activeState: 'inactive', subState: 'dead', execMainExitedMs: agoMs(60), inactiveEnterMs: agoMs(60) }
/** As systemd shows a unit that has not run since the host booted. */
const neverRan = { activeState: 'inactive', subState: 'dead', execMainStartedMs: null, execMainPid: 0 }

type Changes = Parameters<typeof sampleDownFpm>[1]
const down = (unit: Partial<UnitProperties>, changes: Changes = {}, more: Parameters<typeof sampleFacts>[0] = {}) =>
  sampleFacts({ fpm: [sampleDownFpm(unit, changes)], sites: [sampleFailingSite()], ...more })
const running = (unit: Partial<UnitProperties>, changes: Changes = {}) =>
  sampleFacts({ fpm: [sampleFpm({ unit: sampleUnit(unit), ...changes })] })

/** `role diagnosis`, without what every host as shipped has. */
const found = (facts: HostFacts) => {
  const { findings } = diagnose(facts)
  const others = new Set(['no-auto-restart', 'oom-policy-stop', 'reload-unguarded'])
  return findings.filter(({ diagnosis }) => !others.has(diagnosis)).map(({ role, diagnosis }) => `${role} ${diagnosis}`)
}
const saysOf = (facts: HostFacts, id: string) =>
  diagnose(facts).findings.find(({ diagnosis }) => diagnosis === id)?.says

describe('fpm-masked', () => {
  const mask = { path: '/etc/systemd/system/php8.2-fpm.service', leadsTo: '/dev/null', madeAtMs: agoMs(60) }
  const masked = { ...inactive, loadState: 'masked', unitFileState: 'masked', execStart: '' }

  test('is the only cause while it is down, and names who did it', () => {
    const sessions: AdminSession[] = [
      {
        how: 'sudo',
        user: 'alice',
        says: '/usr/bin/systemctl mask --now php8.2-fpm',
        openedMs: agoMs(61),
        closedMs: agoMs(59),
      },
    ]
    const facts = down(masked, { mask }, { adminSessions: { ok: true, value: sessions } })
    expect(found(facts)).toEqual(['cause fpm-masked'])
    expect(saysOf(facts, 'fpm-masked')).toBe(
      'php8.2-fpm is down and was masked at 2026-11-21T02:59:00.000Z by alice, with sudo: nothing can start it.',
    )
  })

  test('is a risk while it runs', () => {
    expect(found(running({ loadState: 'masked', unitFileState: 'masked' }, { mask }))).toEqual(['risk fpm-masked'])
  })
})

describe('fpm-disabled', () => {
  const disabled = { ...neverRan, unitFileState: 'disabled', startedBy: [] }

  test('is the cause where nothing started it since boot', () => {
    expect(found(down(disabled))).toEqual(['cause fpm-disabled', 'consequence fpm-stopped'])
  })

  test('is a risk while it runs, and beside a stop by hand, which is the cause', () => {
    expect(found(running({ unitFileState: 'disabled', startedBy: [] }))).toEqual(['risk fpm-disabled'])
    const stopped = down(disabled, {
      journal: journal(entry('Stopping php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...')),
    })
    expect(found(stopped)).toEqual(['cause fpm-stopped', 'risk fpm-disabled'])
    expect(saysOf(stopped, 'fpm-stopped')).toContain('was stopped at 2026-11-21T02:59:00.000Z')
  })

  test.each<{ is: string; unit: Partial<UnitProperties> }>([
    { is: 'another unit starts it', unit: { unitFileState: 'disabled', startedBy: ['nginx.service'] } },
    { is: 'it is enabled', unit: { unitFileState: 'enabled' } },
    { is: 'it has no install section', unit: { unitFileState: 'static', startedBy: [] } },
  ])('is nothing where $is', ({ unit }) => {
    expect(found(running(unit))).toEqual([])
  })

  test('is nothing where no site needs it', () => {
    const elsewhere = sampleSite({ upstreams: ['tcp:127.0.0.1:9000'] })
    expect(found(sampleFacts({ fpm: [sampleDownFpm(disabled)], sites: [elsewhere] }))).toEqual([])
  })
})

describe('fpm-start-limit-hit', () => {
  const died = { ...failed, result: 'signal', execMainCode: 2, execMainStatus: 9, restart: 'always', restarts: 5 }
  const death = entry('php8.2-fpm.service: Main process exited, code=killed, status=9/KILL', 62)
  const refusal = entry('php8.2-fpm.service: Start request repeated too quickly.')

  test('explains the crash, and says how often it died', () => {
    const facts = down(died, { journal: journal(death, death, death, refusal) })
    expect(found(facts)).toEqual(['cause fpm-start-limit-hit', 'consequence fpm-crashed'])
    expect(saysOf(facts, 'fpm-start-limit-hit')).toContain(
      'it ended 3 times in a row, and 5 starts in 60 s are allowed',
    )
  })

  test('holds by the result alone, as after too many starts by hand', () => {
    const facts = down({ ...died, result: 'start-limit-hit' }, { journal: journal() })
    expect(found(facts)).toEqual(['cause fpm-start-limit-hit', 'consequence fpm-crashed'])
  })

  test.each([
    { is: 'it was started since', lines: [refusal, entry('Started php8.2-fpm.service.', 50), death] },
    { is: 'a script claims it', lines: [{ ...refusal, identifier: 'systemd (claimed by php)' }] },
  ])('is nothing where $is', ({ lines }) => {
    expect(found(down(died, { journal: journal(...lines) }))).toEqual(['cause fpm-crashed'])
  })

  test('is nothing while it runs', () => {
    expect(found(running({}, { journal: journal(death, refusal) }))).toEqual([])
  })
})

describe('fpm-cannot-start', () => {
  const refusedStart = { ...failed, result: 'exit-code', execMainCode: 1, execMainStatus: 78 }
  const wrote = entry(
    "[21-Nov-2026 02:59:00] ERROR: unable to bind listening socket for address '/run/app/php.sock': No such file or directory (2)",
    ...([60, 'php-fpm8.2', 233] as const),
  )
  const exit = entry('php8.2-fpm.service: Main process exited, code=exited, status=78/CONFIG')

  test('explains the crash and the start limit', () => {
    const limit = entry('php8.2-fpm.service: Start request repeated too quickly.')
    const facts = down(refusedStart, { journal: journal(wrote, exit, limit) })
    expect(found(facts)).toEqual([
      'cause fpm-cannot-start',
      'consequence fpm-start-limit-hit',
      'consequence fpm-crashed',
    ])
    expect(saysOf(facts, 'fpm-cannot-start')).toBe(
      'php8.2-fpm is down and cannot start: the directory of its socket /run/app/php.sock does not exist.',
    )
  })

  test('names who listens in its place, and what that one answers is no fault of its own', () => {
    const address = 'tcp:127.0.0.1:9000'
    const says = "ERROR: unable to bind listening socket for address '127.0.0.1:9000': Address already in use (98)"
    const reply = { kind: 'broken', says: 'answered with FastCGI version 72', tookMs: 1 } as const
    const holder = { address, pid: 77, comm: 'nginx', title: 'nginx: master process' } as const
    const pools = [samplePool({ listen: address, workers: [] })]
    const log = entry(`[21-Nov-2026 02:59:00] ${says}`, ...([60, 'php-fpm8.2', 233] as const))
    const facts = down(
      refusedStart,
      { pools, journal: journal(log, exit) },
      {
        sites: [{ ...sampleFailingSite(), upstreams: [address] }],
        passes: [samplePass({ peers: [samplePeer(address)] })],
        upstreams: [sampleUpstream({ address, reply, holders: [holder, holder] })],
      },
    )
    expect(found(facts)).toEqual(['cause fpm-cannot-start', 'consequence fpm-crashed'])
    expect(saysOf(facts, 'fpm-cannot-start')).toBe(
      'php8.2-fpm is down and cannot start: another process listens on 127.0.0.1:9000: nginx (77).',
    )
  })

  test('takes the place of fpm-config-invalid where the text is fine and something else is missing', () => {
    const says = ["[21-Nov-2026 02:59:00] ERROR: [pool www] cannot get uid for user 'deploy'"]
    const configTest = { ok: true, value: { passes: false, exitCode: 78, says } } as const
    expect(found(down(refusedStart, { configTest }))).toEqual(['cause fpm-cannot-start', 'consequence fpm-crashed'])
  })
})

describe('a service that systemd is just starting again', () => {
  /** As a look at a host with Restart=on-failure may find it, in the moment between two starts. */
  const between = { ...inactive, restarts: 2, restart: 'on-failure', execMainCode: 1, execMainStatus: 78 }
  const lines = [
    entry('Stopping php8.4-fpm.service - The PHP 8.4 FastCGI Process Manager...', 63),
    entry('Stopped php8.4-fpm.service - The PHP 8.4 FastCGI Process Manager.', 63),
    entry('Starting php8.4-fpm.service - The PHP 8.4 FastCGI Process Manager...', 63),
    entry("php8.4-fpm.service: Failed with result 'exit-code'.", 62),
    entry('php8.4-fpm.service: Scheduled restart job, restart counter is at 2.', 61),
    entry('Stopped php8.4-fpm.service - The PHP 8.4 FastCGI Process Manager.', 61),
  ]

  test('was not stopped by anybody', () => {
    expect(found(down(between, { journal: journal(...lines) }))).toEqual(['cause fpm-crashed'])
    expect(found(down(between, { journal: journal(...lines.slice(0, 4)) }))).toEqual(['cause fpm-crashed'])
  })

  test('was stopped where somebody had enough of it', () => {
    const stopped = [
      ...lines.slice(0, 4),
      entry('Stopped php8.4-fpm.service - The PHP 8.4 FastCGI Process Manager.', 60),
    ]
    expect(found(down(between, { journal: journal(...stopped) }))).toEqual(['cause fpm-stopped'])
  })
})

test('a master that was killed with systemctl has that among its evidence, but not the kill of an hour ago', () => {
  const died = { ...failed, result: 'signal', execMainCode: 2, execMainStatus: 9 }
  const kill = 'php8.2-fpm.service: Sent signal SIGKILL to main process 100 (php-fpm8.2) on client request.'
  const evidence = (secondsAgo: number) =>
    diagnose(down(died, { journal: journal(entry(kill, secondsAgo)) })).findings[0]?.evidence.map(({ says }) => says)
  expect(evidence(60)).toContain(kill)
  expect(evidence(3600)).not.toContain(kill)
})

describe('fpm-oom-stopped', () => {
  const oom = { ...failed, result: 'oom-kill', execMainCode: 1, execMainStatus: 0, oomPolicy: 'stop', restart: 'no' }
  const killed = entry('php8.2-fpm.service: A process of this unit has been killed by the OOM killer.')

  test('explains the crash, with the limit that was reached', () => {
    const path = '/sys/fs/cgroup/system.slice/php8.2-fpm.service/memory.max'
    const cgroupLimitMiB = new Map([['php8.2-fpm', { limitMiB: 90, usedMiB: 0, path }]])
    const facts = down(
      oom,
      { journal: journal(killed) },
      { memory: { totalMiB: 8000, availableMiB: 5000, cgroupLimitMiB } },
    )
    expect(found(facts)).toEqual(['cause fpm-oom-stopped', 'consequence fpm-crashed'])
    expect(saysOf(facts, 'fpm-oom-stopped')).toContain('reached its limit of 90 MiB')
  })

  test('is nothing where it was killed otherwise, or came back', () => {
    expect(found(down({ ...oom, result: 'signal', execMainCode: 2, execMainStatus: 9 }))).toEqual(['cause fpm-crashed'])
    expect(found(running({ oomPolicy: 'continue' }, { journal: journal(killed) }))).toEqual([])
  })
})

describe('who stopped it', () => {
  const stop = journal(entry('Stopping php8.2-fpm.service - The PHP 8.2 FastCGI Process Manager...'))
  const stoppedBy = (...sessions: readonly AdminSession[]) =>
    down({ ...inactive, result: 'success' }, { journal: stop }, { adminSessions: { ok: true, value: sessions } })
  const session = (changes: Partial<AdminSession>): AdminSession => ({
    ...{
      how: 'sudo',
      user: 'alice',
      says: '/usr/bin/systemctl stop php8.2-fpm',
      openedMs: agoMs(61),
      closedMs: agoMs(59),
    },
    ...changes,
  })

  test.each([
    { says: '/usr/bin/systemctl stop php8.2-fpm', by: 'alice, with sudo' },
    { says: '/usr/bin/systemctl --no-block stop nginx.service php8.2-fpm.service', by: 'alice, with sudo' },
    { says: "/usr/bin/bash -c 'sleep 1; service php8.2-fpm stop'", by: 'alice, with sudo' },
    { says: "/usr/bin/systemctl stop 'php*-fpm'", by: 'alice, with sudo' },
  ])('is told by sudo: $says', ({ says, by }) => {
    expect(saysOf(stoppedBy(session({ says })), 'fpm-stopped')).toBe(
      `php8.2-fpm was stopped at 2026-11-21T02:59:00.000Z through systemctl by ${by}.`,
    )
  })

  test('is told by cron', () => {
    const job = session({ how: 'cron', user: 'root', says: 'systemctl stop php8.2-fpm', closedMs: null })
    expect(saysOf(stoppedBy(job), 'fpm-stopped')).toContain('by a cron job of root.')
  })

  test.each([
    { is: 'another service', changes: { says: '/usr/bin/systemctl stop php8.1-fpm' } },
    { is: 'something else', changes: { says: '/usr/bin/systemctl status php8.2-fpm' } },
    { is: 'a program with such arguments', changes: { says: '/usr/bin/echo stop php8.2-fpm' } },
    { is: 'earlier', changes: { openedMs: agoMs(600), closedMs: agoMs(599) } },
    { is: 'later', changes: { openedMs: agoMs(30), closedMs: agoMs(29) } },
  ])('is not told by a command about $is', ({ changes }) => {
    expect(saysOf(stoppedBy(session(changes)), 'fpm-stopped')).toContain('as an operator does it')
  })

  test('is left open where people only were there, who are evidence then', () => {
    const facts = stoppedBy(
      session({ how: 'ssh', user: 'root', says: '192.0.2.7', openedMs: agoMs(900), closedMs: null }),
    )
    expect(saysOf(facts, 'fpm-stopped')).toContain('as an operator does it')
    expect(diagnose(facts).findings[0]?.evidence).toContainEqual({
      source: 'journalctl, sshd',
      says: 'root had come in from 192.0.2.7',
      at: '2026-11-21T02:45:00.000Z',
    })
  })
})

describe('nginx', () => {
  const refuses = {
    ok: true,
    value: {
      passes: false,
      exitCode: 1,
      says: ['nginx: [emerg] unknown directive "fastcgi_pas" in /etc/nginx/sites-enabled/shop:9'],
    },
  } as const
  const unanswered = sampleSite({
    probes: [
      { site: 'shop.example', over: 'http', passed: false, says: 'GET / got no answer: connection refused', tookMs: 1 },
    ],
  })
  const nginx = (changes: Partial<HostFacts['nginx']>, sites = [sampleSite()]): HostFacts => {
    const facts = sampleFacts({ sites })
    return { ...facts, nginx: { ...facts.nginx, ...changes } }
  }
  const gone = (unit: Partial<UnitProperties>, changes: Partial<HostFacts['nginx']> = {}) =>
    nginx(
      {
        unit: sampleUnit({ service: 'nginx', mainPid: 0, ...unit }),
        ...{ master: null, workerPid: null, workerPids: [] },
        ...changes,
      },
      [unanswered],
    )

  test('is stopped by hand', () => {
    const facts = gone(inactive, {
      journal: journal(entry('Stopping nginx.service - A high performance web server...')),
    })
    expect(found(facts)).toEqual(['cause nginx-stopped'])
    expect(saysOf(facts, 'nginx-stopped')).toContain('was stopped at 2026-11-21T02:59:00.000Z through systemctl')
    expect(diagnose(facts, { site: 'shop.example' }).findings).toHaveLength(1)
  })

  test('could not start, because somebody has its port', () => {
    const facts = gone(
      { ...failed, result: 'exit-code', execMainCode: 1, execMainStatus: 1 },
      {
        journal: journal(
          entry('Starting nginx.service - A high performance web server...', 61),
          entry('nginx: [emerg] bind() to 0.0.0.0:80 failed (98: Address already in use)', 60, 'nginx', 300),
        ),
      },
    )
    expect(found(facts)).toEqual(['cause nginx-stopped'])
    expect(saysOf(facts, 'nginx-stopped')).toContain('bind() to 0.0.0.0:80 failed (98: Address already in use)')
    expect(diagnose(facts).findings[0]?.withoutRemediation).toContain('ss -ltnp')
  })

  test('is down because of its configuration', () => {
    const facts = gone({ ...failed, result: 'exit-code' }, { configTest: refuses })
    expect(found(facts)).toEqual(['cause nginx-config-invalid', 'consequence nginx-stopped'])
    expect(saysOf(facts, 'nginx-config-invalid')).toBe(
      'nginx is down and cannot start: unknown directive "fastcgi_pas" in /etc/nginx/sites-enabled/shop:9.',
    )
  })

  test('runs with a configuration on disk that it would not load: a risk', () => {
    expect(found(nginx({ configTest: refuses }))).toEqual(['risk nginx-config-invalid'])
  })

  test('that is off and not missed is no finding', () => {
    const unit = sampleUnit({ service: 'nginx', mainPid: 0, ...neverRan, unitFileState: 'disabled' })
    const off = { unit, master: null, workerPid: null, workerPids: [], configTest: refuses }
    expect(found(nginx(off))).toEqual([])
    expect(found(nginx(off, []))).toEqual([])
  })

  test('that is being started is no finding', () => {
    expect(found(gone({ activeState: 'activating', subState: 'start-pre' }))).toEqual([])
  })
})
