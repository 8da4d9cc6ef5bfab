import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import { sampleDownFpm, sampleFpm, sampleJournalEntry } from '../survey/sample-facts.ts'
import { startObstacle } from './start-obstacle.ts'

/** What a real start of PHP 8.2 wrote. */
const recorded = (name: string) =>
  readFileSync(new URL(`../readings/cases/fpm-config-errors/${name}.txt`, import.meta.url), 'utf8').split('\n')

const failed = { activeState: 'failed', subState: 'failed', result: 'exit-code', execMainStatus: 78, execMainPid: 233 }

/** The test refuses it. */
const tested = (lines: readonly string[], exitCode = 78) =>
  sampleDownFpm(failed, { configTest: { ok: true, value: { passes: false, exitCode, says: lines } } })

/** The test passes, and a start wrote this to the journal. */
const started = (lines: readonly string[], pid = 233, unit: object = failed) =>
  sampleDownFpm(unit, {
    journal: {
      ok: true,
      value: lines.map((message) => sampleJournalEntry({ message, identifier: 'php-fpm8.2', pid })),
    },
  })

describe('what keeps PHP-FPM from starting', () => {
  test.each([
    { name: 'user-unknown', says: 'this host has no user deploy (pool www)' },
    { name: 'group-unknown', says: 'this host has no group deploy (pool www)' },
    { name: 'listen-owner-unknown', says: 'this host has no user deploy (pool www)' },
    { name: 'chdir-missing', says: 'chdir path /srv/gone does not exist (pool www)' },
    { name: 'listen-used-twice', says: 'two pools listen on the same address, the other is app (pool www)' },
    { name: 'preload-missing', says: 'opcache.preload wants /var/www/missing.php, which cannot be opened' },
    { name: 'slowlog-directory-missing', says: 'the directory of its log /var/log/php/slow.log does not exist' },
    { name: 'access-log-directory-missing', says: 'the directory of its log /var/log/php/access.log does not exist' },
    {
      name: 'error-log-directory-missing',
      says: 'the directory of its log /var/log/php/php8.2-fpm.log does not exist',
    },
  ])('is shown by a test of the configuration: $says', ({ name, says }) => {
    expect(startObstacle(tested(recorded(name)))).toMatchObject({ says })
  })

  test('a log that cannot be made shows only at a start: the test has a folder of its own for logs', () => {
    const says = 'ERROR: failed to open error_log (/var/log/php/fpm.log): No space left on device (28)'
    expect(startObstacle(started([`[21-Nov-2026 02:59:00] ${says}`]))).toMatchObject({
      says: 'its log /var/log/php/fpm.log cannot be opened: No space left on device',
    })
  })

  test.each([
    { name: 'listen-directory-missing', says: 'the directory of its socket /run/gone/php.sock does not exist' },
    { name: 'listen-address-in-use', says: 'another process listens on 127.0.0.1:19010' },
    { name: 'listen-address-not-local', says: 'this host does not have the address 192.0.2.1:9000' },
    { name: 'another-instance', says: 'another process listens on /run/php/php8.2-fpm.sock' },
    {
      name: 'listen-host-unknown',
      says: 'the host name in a `listen` line does not resolve: Name or service not known',
    },
    { name: 'pid-directory-missing', says: 'the directory of its pid file /run/gone/php8.2-fpm.pid does not exist' },
    { name: 'rlimit-files-too-high', says: 'rlimit_files = 2000000000 is more than this host allows' },
  ])('is shown by a start alone: $says', ({ name, says }) => {
    const isTaken = says.startsWith('another process listens')
    expect(startObstacle(started(recorded(name)))).toMatchObject({ says, isTaken })
  })

  test.each([
    {
      line: "ERROR: unable to bind listening socket for address '/run/php/php8.2-fpm.sock': No space left on device (28)",
      says: 'no space is left where its socket /run/php/php8.2-fpm.sock should be',
    },
    {
      line: 'ERROR: fork() failed: Resource temporarily unavailable (11)',
      says: 'it may not start a single worker: Resource temporarily unavailable',
    },
  ])('is $says', ({ line, says }) => {
    expect(startObstacle(started([`[21-Nov-2026 02:59:00] ${line}`]))).toMatchObject({ says })
  })
})

describe('while systemd starts it again and again', () => {
  const gone = recorded('listen-directory-missing')
  const looping = { activeState: 'activating', subState: 'start', restarts: 3, execMainPid: 400 }

  test.each([
    { is: 'is at it', unit: looping },
    { is: 'is about to', unit: { ...looping, subState: 'auto-restart-queued' } },
  ])('the start before counts: it $is', ({ unit }) => {
    expect(startObstacle(started(gone, 399, unit))).toMatchObject({ says: expect.stringContaining('/run/gone') })
  })

  test('nobody counts who is not root, and nothing from before it was up', () => {
    const { journal } = started(gone, 399, looping)
    if (!journal.ok) throw new Error(journal.says)
    const asWorker = journal.value.map((entry) => ({ ...entry, uid: 33 }))
    expect(startObstacle(sampleDownFpm(looping, { journal: { ok: true, value: asWorker } }))).toBeNull()
    const up = { ...journal.value[0]!, identifier: 'systemd', pid: 1, message: 'Started php8.2-fpm.service.' }
    expect(startObstacle(sampleDownFpm(looping, { journal: { ok: true, value: [...journal.value, up] } }))).toBeNull()
  })

  test('a first start that is not done yet is none', () => {
    expect(startObstacle(started(gone, 399, { ...looping, restarts: 0 }))).toBeNull()
  })
})

describe('nothing is said', () => {
  const gone = recorded('listen-directory-missing')

  test('of a service that runs', () => {
    expect(startObstacle(sampleFpm({ journal: started(gone).journal }))).toBeNull()
  })

  test('of a configuration that is refused for its own text', () => {
    expect(startObstacle(tested(recorded('misspelt-directive')))).toBeNull()
    expect(startObstacle(tested(recorded('spare-above-max-children')))).toBeNull()
  })

  test('of what a test would show and does not show any more', () => {
    expect(startObstacle(started(recorded('user-unknown')))).toBeNull()
  })

  test('of lines that another process of the service wrote, such as a script through syslog', () => {
    expect(startObstacle(started(gone, 777))).toBeNull()
  })

  test('of an old start of a service that was stopped in order since', () => {
    expect(
      startObstacle(started(gone, 233, { activeState: 'inactive', subState: 'dead', execMainPid: 233 })),
    ).toBeNull()
  })
})
