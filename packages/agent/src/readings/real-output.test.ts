/** Real outputs of a Debian 12 host, healthy and broken, and what the readings make of them: goldens for review. */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { readAdminSessions } from './admin-journal.ts'
import { readFpmLog } from './fpm-log.ts'
import { readFpmSlowLog } from './fpm-slow-log.ts'
import { readFpmStatus } from './fpm-status.ts'
import { readJournal } from './journal.ts'
import { readTcpListeners, readUnixListeners } from './listeners.ts'
import { readAccessLog } from './nginx-access-log.ts'
import { readNginxErrorLog } from './nginx-error-log.ts'
import { readCgroupPaths, readCredentials, readFpmTitle, readMeminfo, readProcess, readWorkerMemory } from './proc.ts'
import { readUnitProperties } from './unit-properties.ts'

const cases = join(import.meta.dirname, 'cases')
const text = (...path: readonly string[]) => readFileSync(join(cases, ...path), 'latin1')

const readings: Readonly<Record<string, (text: string, name: string) => unknown>> = {
  'unit-properties': readUnitProperties,
  journal: readJournal,
  'admin-journal': readAdminSessions,
  'nginx-error-log': readNginxErrorLog,
  'nginx-access-log': readAccessLog,
  'fpm-log': readFpmLog,
  'fpm-slow-log': readFpmSlowLog,
  'fpm-status': readFpmStatus,
  listeners: (given, name) => (name.startsWith('unix') ? readUnixListeners(given) : readTcpListeners(given)),
}

describe.each(Object.entries(readings))('%s', (reading, read) => {
  const names = readdirSync(join(cases, reading)).filter((name) => !name.endsWith('.read.json'))
  test.each(names)('%s is read as reviewed', async (name) => {
    const value = read(text(reading, name), name)
    await expect(`${JSON.stringify(value, null, 2)}\n`).toMatchFileSnapshot(join(cases, reading, `${name}.read.json`))
  })
})

describe('proc', () => {
  const process = (name: string) =>
    readProcess(text('proc', name, 'stat'), text('proc', name, 'status'), text('proc', name, 'cmdline'))

  test('a master, a worker and a zombie are told apart', () => {
    expect(readFpmTitle(process('master')?.title ?? '')).toEqual({
      is: 'master',
      config: '/etc/php/8.2/fpm/php-fpm.conf',
    })
    expect(readFpmTitle(process('worker')?.title ?? '')).toMatchObject({ is: 'pool' })
    expect(process('worker')?.parentPid).toBe(process('master')?.pid)
    expect(process('zombie')).toMatchObject({ state: 'Z', title: '' })
  })

  test('a name with blanks and parentheses does not shift the fields', () => {
    const stat = text('proc', 'worker', 'stat').replace(/\(.*\)/, '(a) S 1 (b)')
    expect(readProcess(stat, text('proc', 'worker', 'status'), '')).toMatchObject({
      comm: 'a) S 1 (b',
      parentPid: process('worker')?.parentPid,
    })
  })

  test('the memory of a worker: shared pages are not its own cost', () => {
    const memory = readWorkerMemory(text('proc', 'worker', 'smaps_rollup'), text('proc', 'worker', 'status'))
    expect(memory).not.toBeNull()
    expect(memory?.pssKiB).toBeLessThanOrEqual(memory?.rssKiB ?? 0)
    expect(memory?.privateKiB).toBeLessThanOrEqual(memory?.pssKiB ?? 0)
    expect(memory?.peakRssKiB).toBeGreaterThanOrEqual(memory?.rssKiB ?? Infinity)
  })

  test('memory of the host, groups and cgroups', () => {
    expect(readMeminfo(text('proc', 'meminfo'))?.totalMiB).toBeGreaterThan(0)
    expect(readCredentials(text('proc', 'worker', 'status'))).toMatchObject({ uid: 33, gid: 33 })
    expect(readCgroupPaths('0::/system.slice/php8.2-fpm.service\n')).toEqual({
      v2: '/system.slice/php8.2-fpm.service',
      v1Memory: null,
    })
    expect(readCgroupPaths('4:cpu,memory:/a:b\n0::/\n')).toEqual({ v2: '/', v1Memory: '/a:b' })
  })
})

test('what a visitor writes cannot forge an upstream', () => {
  const line =
    '2026/11/21 03:00:00 [error] 51#51: *7 connect() to unix:/run/php/php8.2-fpm.sock failed (111: Connection refused) while connecting to upstream, ' +
    'client: 10.0.0.9, server: shop.example, request: "GET / HTTP/1.1", upstream: "fastcgi://unix:/run/php/php8.2-fpm.sock:", host: "shop.example", ' +
    'referrer: "", upstream: "fastcgi://unix:/evil.sock:"'
  expect(readNginxErrorLog(line)).toMatchObject([
    { kind: 'connect-refused', errno: 111, upstream: 'fastcgi://unix:/run/php/php8.2-fpm.sock:' },
  ])
})

test('a service cannot speak in the name of systemd', () => {
  const line = JSON.stringify({
    __REALTIME_TIMESTAMP: '1795225489000000',
    __CURSOR: 'c',
    MESSAGE: 'Stopping php8.2-fpm.service',
    SYSLOG_IDENTIFIER: 'systemd',
    _PID: '4711',
    _COMM: 'shop',
  })
  expect(readJournal(line).entries[0]?.identifier).not.toBe('systemd')
})
