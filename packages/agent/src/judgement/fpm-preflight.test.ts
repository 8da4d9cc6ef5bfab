import { describe, expect, test } from 'vitest'
import { readFpmConfig, type FpmConfig } from '../readings/fpm-config.ts'
import { judgePreflight, preflightPaths, type PreflightFacts } from './fpm-preflight.ts'

const healthy: PreflightFacts = {
  directories: new Map([
    ['/run/php', 'writable'],
    ['/run', 'writable'],
  ]),
  blockedPaths: new Set(),
  listeners: [],
  localAddresses: new Set(['192.0.2.2', '2001:db8::42']),
  users: { known: new Set(['www-data', 'nginx']), complete: true },
  groups: { known: new Set(['www-data']), complete: true },
  mayRunAsRoot: false,
  openFilesLimit: 1_048_576,
}

function config(pool: string, global = ''): FpmConfig {
  const text = `[global]\n${global}\n[www]\nuser = www-data\nlisten = /run/php/www.sock\npm = static\npm.max_children = 5\n${pool}\n`
  const reading = readFpmConfig(
    '/etc/php-fpm.conf',
    () => ({ ok: true, text }),
    () => [],
    '/usr',
  )
  if (!reading.ok) throw new Error(reading.says)
  return reading.value
}

const judge = (pool: string, facts: Partial<PreflightFacts> = {}, global = '') =>
  judgePreflight(config(pool, global), '/usr', { ...healthy, ...facts })

test('a configuration that would survive has nothing against it', () => {
  expect(judge('', {}, 'pid = /run/php.pid')).toEqual({ fails: [], couldNotTell: [] })
})

describe('what passes -t and kills the master', () => {
  test.each([
    {
      what: 'a socket directory that does not exist',
      pool: 'listen = /run/nowhere/www.sock',
      facts: { directories: new Map([['/run/nowhere', 'missing' as const]]) },
      says: 'the directory /run/nowhere does not exist',
    },
    {
      what: 'a socket directory that is read-only',
      pool: '',
      facts: { directories: new Map([['/run/php', 'read-only' as const]]) },
      says: 'read-only mount',
    },
    {
      what: 'a file where the socket directory should be',
      pool: '',
      facts: { directories: new Map([['/run/php', 'not-a-directory' as const]]) },
      says: 'is not a directory',
    },
    {
      what: 'a directory where the socket should be',
      pool: '',
      facts: { blockedPaths: new Set(['/run/php/www.sock']) },
      says: 'a directory stands there',
    },
    { what: 'the prefix that nginx wants', pool: 'listen = unix:/run/php/www.sock', says: 'without `unix:`' },
    { what: 'a path too long for a socket', pool: `listen = /run/php/${'x'.repeat(99)}`, says: '108 bytes' },
    { what: 'a port out of range', pool: 'listen = 127.0.0.1:70000', says: 'cannot listen there' },
    {
      what: 'an address of another host',
      pool: 'listen = 198.51.100.9:9000',
      says: 'does not have the address 198.51.100.9',
    },
    { what: 'an IPv6 address of another host', pool: 'listen = [2001:db8::9]:9000', says: '2001:db8::9' },
    {
      what: 'a port that another process has',
      pool: 'listen = 127.0.0.1:9000',
      facts: { listeners: [{ address: 'tcp:0.0.0.0:9000' as const, own: false }] },
      says: 'another process listens',
    },
    {
      what: 'a socket that another process has',
      pool: '',
      facts: { listeners: [{ address: 'unix:/run/php/www.sock' as const, own: false }] },
      says: 'another process listens',
    },
    { what: 'workers as root', pool: 'user = root', says: 'refuses to run workers as root' },
    { what: 'an ACL user nobody has', pool: 'listen.acl_users = nginx,apache', says: 'this host has no apache' },
    { what: 'an ACL group nobody has', pool: 'listen.acl_groups = nginx', says: 'this host has no nginx' },
    {
      what: 'a second socket for the status page in a missing directory',
      pool: 'pm.status_listen = /run/nowhere/s.sock',
      facts: {
        directories: new Map([
          ['/run/php', 'writable' as const],
          ['/run/nowhere', 'missing' as const],
        ]),
      },
      says: 'pm.status_listen',
    },
  ])('$what', ({ pool, facts, says }) => {
    expect(judge(pool, facts).fails.join(' ')).toContain(says)
  })

  test('a pid file in a directory that does not exist', () => {
    expect(
      judge(
        '',
        {
          directories: new Map([
            ['/run/php', 'writable'],
            ['/run/x', 'missing'],
          ]),
        },
        'pid = /run/x/fpm.pid',
      ).fails,
    ).toEqual(['pid = /run/x/fpm.pid: the directory /run/x does not exist.'])
  })

  test('more open files than the kernel allows', () => {
    expect(judge('', {}, 'rlimit_files = 2000000').fails.join(' ')).toContain('fs.nr_open is 1048576')
  })
})

describe('what is not held against it', () => {
  test.each([
    {
      what: 'a missing directory, when the running master has the socket: a reload inherits it',
      pool: '',
      facts: { directories: new Map(), listeners: [{ address: 'unix:/run/php/www.sock' as const, own: true }] },
    },
    {
      what: 'its own port',
      pool: 'listen = 9000',
      facts: { listeners: [{ address: 'tcp:*:9000' as const, own: true }] },
    },
    { what: 'a loopback address', pool: 'listen = 127.0.0.53:9000' },
    { what: 'an address of this host', pool: 'listen = [2001:DB8:0::42]:9000' },
    {
      what: 'any address where foreign ones may be bound',
      pool: 'listen = 198.51.100.9:9000',
      facts: { localAddresses: null },
    },
    {
      what: 'root, when the unit allows it',
      pool: 'user = root',
      facts: { mayRunAsRoot: true, users: { known: new Set(['root']), complete: true } },
    },
    { what: 'a user given by number', pool: 'user = 33' },
  ])('$what', ({ pool, facts }) => {
    expect(judge(pool, facts)).toEqual({ fails: [], couldNotTell: [] })
  })
})

describe('what could not be told is said, and does not stop it', () => {
  test.each([
    { what: 'a host name', pool: 'listen = fpm.example:9000', says: 'fpm.example resolves' },
    {
      what: 'a user who may be in LDAP',
      pool: 'listen.acl_users = anna',
      facts: { users: { known: new Set(['www-data']), complete: false } },
      says: 'whether anna exists',
    },
    {
      what: 'a directory that cannot be read',
      pool: '',
      facts: { directories: new Map([['/run/php', { unreadable: 'permission denied' }]]) },
      says: 'permission denied',
    },
    {
      what: 'listeners that cannot be read',
      pool: '',
      facts: { listeners: { unreadable: 'ss is not installed' } },
      says: 'whether another process listens there',
    },
    { what: 'a value from the environment of the master', pool: 'user = ${FPM_USER}', says: 'FPM_USER' },
  ])('$what', ({ pool, facts, says }) => {
    const { fails, couldNotTell } = judge(pool, facts)
    expect(fails).toEqual([])
    expect(couldNotTell.join(' ')).toContain(says)
  })
})

test('every path that is judged is asked for', () => {
  expect(preflightPaths(config('pm.status_listen = rel/s.sock', 'pid = run/fpm.pid'), '/usr')).toEqual({
    directories: ['/run/php', '/usr/rel', '/var/run'],
    sockets: ['/run/php/www.sock', '/usr/rel/s.sock'],
  })
})
