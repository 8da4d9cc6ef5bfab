import { expect, test } from 'vitest'
import { readAdminSessions } from './admin-journal.ts'

const line = (program: string, message: unknown, pid = '71', at = '1795250506322423') =>
  JSON.stringify({ __REALTIME_TIMESTAMP: at, _EXE: program, _PID: pid, SYSLOG_IDENTIFIER: 'sudo', MESSAGE: message })
const stop = '   alice : TTY=pts/0 ; PWD=/home/alice ; USER=root ; COMMAND=/usr/bin/systemctl stop php8.2-fpm'

test('a command of sudo lasts until its session closes', () => {
  const text = [
    line('/usr/bin/sudo', stop),
    line('/usr/bin/sudo', 'pam_unix(sudo:session): session closed for user root', '70', '1795250507000000'),
    line('/usr/bin/sudo', 'pam_unix(sudo:session): session closed for user root', '71', '1795250508000000'),
  ].join('\n')
  expect(readAdminSessions(text)).toEqual([
    {
      how: 'sudo',
      user: 'alice',
      says: '/usr/bin/systemctl stop php8.2-fpm',
      openedMs: 1_795_250_506_322,
      closedMs: 1_795_250_508_000,
    },
  ])
})

test.each([
  { is: 'what another program says in the name of sudo', program: '/usr/bin/logger', message: stop },
  {
    is: 'what sudo refused',
    program: '/usr/bin/sudo',
    message:
      '   bob : command not allowed ; TTY=pts/0 ; PWD=/ ; USER=root ; COMMAND=/usr/bin/systemctl stop php8.2-fpm',
  },
  {
    is: 'what was done as somebody else',
    program: '/usr/bin/sudo',
    message: '   alice : PWD=/ ; USER=bob ; COMMAND=/bin/sh',
  },
  { is: 'a message that is not text', program: '/usr/bin/sudo', message: [1, 2, 3] },
  { is: 'a failed login', program: '/usr/sbin/sshd', message: 'Invalid user x from 127.0.0.1 port 57456' },
])('$is is no session', ({ program, message }) => {
  expect(readAdminSessions(line(program, message))).toEqual([])
})

test('a directory named like a command is not taken for one', () => {
  const message =
    '   alice : PWD=/tmp/x ; USER=root ; COMMAND=/usr/bin/systemctl stop nginx ; USER=root ; COMMAND=/usr/bin/true'
  expect(readAdminSessions(line('/usr/bin/sudo', message))).toMatchObject([{ user: 'alice', says: '/usr/bin/true' }])
})

const job = {
  ...{ __REALTIME_TIMESTAMP: '1795251841041010', _PID: '264', _UID: '0', _SYSTEMD_UNIT: 'cron.service' },
  ...{ SYSLOG_IDENTIFIER: 'CRON', _EXE: '/usr/bin/dash', MESSAGE: '(root) CMD (systemctl stop php8.2-fpm)' },
}

test('cron jobs and logins are known by their programs', () => {
  const text = [
    line(
      '/usr/lib/openssh/sshd-session',
      'Accepted publickey for root from 2001:db8::7 port 58740 ssh2: ED25519 x',
      '137',
    ),
    JSON.stringify(job),
    'no json',
  ].join('\n')
  expect(readAdminSessions(text)).toMatchObject([
    { how: 'ssh', user: 'root', says: '2001:db8::7', closedMs: null },
    { how: 'cron', user: 'root', says: 'systemctl stop php8.2-fpm', closedMs: null },
  ])
})

test.each([
  { is: "another user's job", fields: { _UID: '1000' } },
  { is: 'a process outside of cron', fields: { _SYSTEMD_UNIT: 'session-1.scope' } },
  { is: 'a job that says something by its own name', fields: { SYSLOG_IDENTIFIER: 'backup' } },
])('$is cannot speak for cron', ({ fields }) => {
  expect(readAdminSessions(JSON.stringify({ ...job, ...fields }))).toEqual([])
})
