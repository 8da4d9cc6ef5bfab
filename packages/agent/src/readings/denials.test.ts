import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { readAuditLog, readAuditMessage } from './denials.ts'

/** Written by auditd 3.0.9 under a kernel 6.1 of Debian 12, with its policy `default`. */
const socketFile =
  'type=AVC msg=audit(1795260367.424:52): avc:  denied  { write } for  pid=322 comm="nginx" name="php8.2-fpm.sock" dev="tmpfs" ino=594 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:user_home_t:s0 tclass=sock_file permissive=0'
const nameConnect =
  'type=AVC msg=audit(1795260438.928:84): avc:  denied  { name_connect } for  pid=440 comm="nginx" dest=9000 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:cslistener_port_t:s0 tclass=tcp_socket permissive=0'
const nameBind =
  'type=AVC msg=audit(1795260474.612:111): avc:  denied  { name_bind } for  pid=477 comm="php-fpm8.2" src=9000 scontext=system_u:system_r:httpd_t:s0 tcontext=system_u:object_r:cslistener_port_t:s0 tclass=tcp_socket permissive=0'
const userAvc =
  'type=USER_AVC msg=audit(1795260158.115:49): pid=1 uid=0 auid=4294967295 ses=4294967295 subj=system_u:system_r:kernel_t:s0 msg=\'avc:  denied  { status } for auid=n/a uid=0 gid=0 path="/lib/systemd/system/poweroff.target" cmdline="/lib/systemd/systemd-logind" function="mac_selinux_filter" scontext=system_u:system_r:kernel_t:s0 tcontext=system_u:object_r:power_unit_t:s0 tclass=service permissive=1\''
const appArmor =
  'type=AVC msg=audit(1795260707.235:82): apparmor="DENIED" operation="mknod" profile="php-fpm" name="/run/php/shop.sock" pid=434 comm="php-fpm8.2" requested_mask="c" denied_mask="c" fsuid=0 ouid=0\x1dFSUID="root" OUID="root"'

/**
 * Out of the message of the kernel's commit "apparmor: shift uid when mediating af_unix in userns" (2025), without the
 * namespace; and of the report of an Ubuntu 16.04, whose kernel asked about connecting already. No kernel of Debian 12 does.
 */
const connects = [
  'apparmor="DENIED" operation="connect" class="file" profile="sockit" name="/root/sock" pid=3924 comm="nc" requested_mask="wr" denied_mask="wr" fsuid=1000000 ouid=0',
  'apparmor="DENIED" operation="connect" profile="/usr/lib/NetworkManager/nm-dhcp-helper" name="/var/run/NetworkManager/private-dhcp" pid=2741 comm="nm-dhcp-helper" requested_mask="wr" denied_mask="wr" fsuid=0 ouid=0',
]

test('other kernels than ours tell of connecting, too', () => {
  const messages = connects.map((record) => `audit: type=1400 audit(1462040777.770:40): ${record}`)
  expect(messages.flatMap((message) => readAuditMessage(message, 0))).toMatchObject([
    { what: 'connect', subject: 'sockit', name: '/root/sock', comm: 'nc', wanted: ['wr'] },
    { what: 'connect', name: '/var/run/NetworkManager/private-dhcp', comm: 'nm-dhcp-helper' },
  ])
})

describe('records of auditd', () => {
  test('SELinux tells who wanted what of which file', () => {
    expect(readAuditLog(`${userAvc}\n${socketFile}\n`)).toEqual([
      {
        by: 'selinux',
        atMs: 1_795_260_367_424,
        pid: 322,
        comm: 'nginx',
        subject: 'system_u:system_r:httpd_t:s0',
        object: 'system_u:object_r:user_home_t:s0',
        what: 'sock_file',
        wanted: ['write'],
        name: 'php8.2-fpm.sock',
        port: null,
        says: socketFile.slice(socketFile.indexOf('avc:')),
      },
    ])
  })

  test.each([
    { line: nameConnect, gives: { comm: 'nginx', wanted: ['name_connect'], port: 9000, name: null } },
    { line: nameBind, gives: { comm: 'php-fpm8.2', wanted: ['name_bind'], port: 9000, pid: 477 } },
    {
      line: appArmor,
      gives: { by: 'apparmor', subject: 'php-fpm', name: '/run/php/shop.sock', what: 'mknod', wanted: ['c'], pid: 434 },
    },
    { line: `node=web-1 ${nameBind}`, gives: { port: 9000 } },
    { line: socketFile.replace('name="php8.2-fpm.sock"', 'name=6120622E736F636B'), gives: { name: 'a b.sock' } },
  ])('$line', ({ line, gives }) => {
    expect(readAuditLog(line)).toMatchObject([gives])
  })

  test.each([
    { is: 'what was only reported', line: socketFile.replace('permissive=0', 'permissive=1') },
    { is: 'what a profile that complains would have denied', line: appArmor.replace('DENIED', 'ALLOWED') },
    { is: 'what was granted', line: socketFile.replace('denied', 'granted') },
    { is: "a program's own denial", line: userAvc.replace('permissive=1', 'permissive=0') },
    { is: 'another record that quotes one', line: `type=USER_LOGIN msg=audit(1.0:1): acct="x ${socketFile}"` },
    { is: 'a cut record', line: socketFile.slice(0, 40) },
  ])('$is is no denial', ({ line }) => {
    expect(readAuditLog(line)).toEqual([])
  })
})

test('a program cannot name itself into another field: the kernel writes such names in hexadecimal', () => {
  const comm = Buffer.from('x" name="y').toString('hex').toUpperCase()
  const [denial] = readAuditLog(socketFile.replace('comm="nginx"', `comm=${comm}`))
  expect(denial).toMatchObject({ comm: 'x" name="y', name: 'php8.2-fpm.sock' })
})

test.each([
  {
    by: 'the kernel',
    message: `audit: type=1400 audit(1795260367.424:52): ${socketFile.slice(socketFile.indexOf('avc:'))}`,
  },
  { by: 'journald', message: `AVC ${socketFile.slice(socketFile.indexOf('avc:'))}` },
])('in the journal $by writes the same', ({ message }) => {
  expect(readAuditMessage(message, 1_795_260_367_427)).toMatchObject([
    { comm: 'nginx', name: 'php8.2-fpm.sock', atMs: 1_795_260_367_427 },
  ])
})

test('other messages of the kernel are none, and nothing throws', () => {
  expect(readAuditMessage('nginx[322]: segfault at 0', 0)).toEqual([])
  fc.assert(
    fc.property(fc.string(), (text) => {
      readAuditLog(`type=AVC msg=audit(1.0:1): avc:  denied  { ${text}`)
      readAuditMessage(`AVC ${text}`, 0)
    }),
  )
})
