import { describe, expect, test } from 'vitest'
import type { SocketAddress } from '../../host/host.ts'
import { readAuditLog } from '../../readings/denials.ts'
import {
  samplePass,
  samplePeer,
  sampleStep,
  sampleUnreached,
  sampleUpstream,
  sampleWay,
} from '../../survey/sample-addresses.ts'
import { sampleDownFpm, sampleFacts, sampleJournalEntry, sampleNowMs, samplePool } from '../../survey/sample-facts.ts'
import { about, nginxLog } from '../../survey/sample-logs.ts'
import { failing, line, site, socket, tcpFpm, type Changes } from '../../survey/sample-unreached.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import type { SecurityFacts } from '../../survey/security-facts.ts'
import { diagnose } from '../diagnose.ts'

/** What explains the failure, and what it explains; risks are those of every host. */
const told = (facts: HostFacts) =>
  diagnose(facts)
    .findings.filter(({ role }) => role === 'cause' || role === 'consequence')
    .map(({ role, diagnosis }) => `${role} ${diagnosis}`)
const finding = (facts: HostFacts) => diagnose(facts).findings.find(({ role }) => role === 'cause')

const httpd = 'system_u:system_r:httpd_t:s0'
const denials = (...records: readonly string[]): SecurityFacts['denials'] => ({
  ok: true,
  value: { source: '/var/log/audit/audit.log', all: readAuditLog(records.join('\n')) },
})
/** As auditd writes it, so many seconds before the look. */
const avc = (secondsAgo: number, rest: string): string =>
  `type=AVC msg=audit(${(sampleNowMs / 1000 - secondsAgo).toFixed(3)}:52): ${rest}`
const socketDenied =
  'avc:  denied  { write } for  pid=51 comm="nginx" name="php8.2-fpm.sock" dev="tmpfs" ino=594 ' +
  `scontext=${httpd} tcontext=system_u:object_r:user_home_t:s0 tclass=sock_file permissive=0`
const portDenied =
  'avc:  denied  { name_connect } for  pid=51 comm="nginx" dest=9000 ' +
  `scontext=${httpd} tcontext=system_u:object_r:cslistener_port_t:s0 tclass=tcp_socket permissive=0`

const selinux = (records: readonly string[], changes: Partial<SecurityFacts> = {}): SecurityFacts => ({
  selinux: 'enforcing',
  nginxRunsAs: httpd,
  denials: denials(...records),
  wrongLabels: [],
  ...changes,
})
const refused = (to: string, secondsAgo = 2) =>
  nginxLog(secondsAgo, `connect() to ${to} failed (13: Permission denied)${about('connecting to upstream')}`)

/** nginx is refused, and a request with its user and groups alone is answered. */
const stopped = (security: SecurityFacts, changes: Changes = {}) =>
  sampleFacts({
    sites: [site(502, socket, true)],
    upstreams: [sampleUpstream()],
    errors: refused('unix:/run/php/php8.2-fpm.sock'),
    security,
    ...changes,
  })

describe('selinux-denied', () => {
  test('nginx is denied the socket that permissions allow', () => {
    const facts = stopped(
      selinux([avc(2, socketDenied)], {
        wrongLabels: [
          {
            path: '/run/php/php8.2-fpm.sock',
            is: 'system_u:object_r:user_home_t:s0',
            shouldBe: 'system_u:object_r:httpd_runtime_t:s0',
          },
        ],
      }),
    )
    expect(told(facts)).toEqual(['cause selinux-denied'])
    expect(finding(facts)).toMatchObject({
      subject: { kind: 'pool', name: 'php8.2-fpm/www' },
      says: 'SELinux does not let nginx (httpd_t) connect to /run/php/php8.2-fpm.sock, which is user_home_t. So shop.example cannot reach PHP.',
      remediations: [],
      withoutRemediation: expect.stringContaining('restorecon -v /run/php/php8.2-fpm.sock'),
    })
    expect(finding(facts)?.withoutRemediation).toContain('Leave SELinux on')
    expect(finding(facts)?.evidence.map(({ source }) => source)).toEqual(
      expect.arrayContaining(['/var/log/audit/audit.log', '/var/log/nginx/error.log']),
    )
  })

  test('a port: the boolean, or a type for the port', () => {
    const address: SocketAddress = 'tcp:127.0.0.1:9000'
    const facts = stopped(selinux([avc(2, portDenied)]), {
      fpm: [tcpFpm()],
      sites: [site(502, address, true)],
      passes: [samplePass({ peers: [samplePeer(address)] })],
      upstreams: [sampleUpstream({ address })],
      errors: [
        line({
          message: 'connect() to 127.0.0.1:9000 failed',
          upstream: 'fastcgi://127.0.0.1:9000',
          kind: 'connect-denied',
        }),
      ],
    })
    expect(told(facts)).toContain('cause selinux-denied')
    expect(finding(facts)).toMatchObject({
      says: expect.stringContaining('connect to 127.0.0.1:9000, which is cslistener_port_t'),
      withoutRemediation: expect.stringContaining('semanage port -a -t http_port_t -p tcp 9000'),
    })
  })

  test('a socket whose owner runs in another domain: let systemd start it', () => {
    const record = socketDenied
      .replace('{ write }', '{ connectto }')
      .replace('name="php8.2-fpm.sock" dev="tmpfs" ino=594', 'path="/run/php/php8.2-fpm.sock"')
      .replace('sock_file', 'unix_stream_socket')
    const facts = stopped(selinux([avc(2, record)]))
    expect(finding(facts)?.withoutRemediation).toContain('let systemd start it')
  })

  test('the probe is stopped, too, where the agent runs as the web server does', () => {
    const denied = { reply: { kind: 'cannot-connect', errno: 'EACCES', says: 'permission denied', tookMs: 0 } } as const
    const reached = sampleUpstream({ ...denied, way: sampleWay('/run/php/php8.2-fpm.sock') })
    expect(told(stopped(selinux([avc(2, socketDenied)]), { upstreams: [reached] }))).toEqual(['cause selinux-denied'])
  })

  test.each<{ when: string; facts: () => ReturnType<typeof stopped> }>([
    { when: 'it only watches', facts: () => stopped(selinux([avc(2, socketDenied)], { selinux: 'permissive' })) },
    {
      when: 'only this domain is watched',
      facts: () => stopped(selinux([avc(2, socketDenied.replace('permissive=0', 'permissive=1'))])),
    },
    { when: 'the denial is older than the load of nginx', facts: () => stopped(selinux([avc(4000, socketDenied)])) },
    {
      when: 'it was somebody else',
      facts: () => stopped(selinux([avc(2, socketDenied.replace('comm="nginx"', 'comm="curl"'))])),
    },
    {
      when: 'it was an nginx of another domain',
      facts: () => stopped(selinux([avc(2, socketDenied.replace(httpd, 'system_u:system_r:container_t:s0:c1,c2'))])),
    },
    {
      when: 'it is about another socket',
      facts: () => stopped(selinux([avc(2, socketDenied.replace('php8.2-fpm.sock', 'other.sock'))])),
    },
    { when: 'it is about a port', facts: () => stopped(selinux([avc(2, portDenied)])) },
    { when: 'nginx has not said so', facts: () => stopped(selinux([avc(2, socketDenied)]), { errors: [] }) },
    {
      when: 'the site answers',
      facts: () => stopped(selinux([avc(2, socketDenied)]), { sites: [site(200, socket, true)] }),
    },
    {
      when: 'there is only a line of a visitor that imitates one',
      facts: () =>
        stopped(selinux([]), {
          errors: [
            ...refused('unix:/run/php/php8.2-fpm.sock'),
            line({ message: avc(2, socketDenied), kind: 'php-message' }),
          ],
        }),
    },
  ])('is silent when $when', ({ facts }) => {
    expect(told(facts()).filter((each) => each.endsWith('selinux-denied'))).toEqual([])
  })

  test('a mode that keeps nginx out is named as that: the kernel asks it before SELinux', () => {
    const { steps } = sampleWay('/run/php/php8.2-fpm.sock')
    const way = {
      steps: [...steps.slice(0, -1), sampleStep('/run/php/php8.2-fpm.sock', { kind: 'socket', mode: 0o600 })],
    }
    const facts = failing(socket, 'EACCES', {
      way,
      errors: refused('unix:/run/php/php8.2-fpm.sock'),
      security: selinux([avc(2, socketDenied)]),
    })
    expect(told(facts)).toEqual(['cause socket-denied'])
  })
})

const startLine = (message: string) => sampleJournalEntry({ message, priority: 3, identifier: 'php-fpm8.2', pid: 477 })

/** FPM does not come up: this was its last word. */
const down = (listen: SocketAddress, message: string, security: SecurityFacts) =>
  sampleFacts({
    fpm: [
      sampleDownFpm(
        {
          activeState: 'failed',
          subState: 'failed',
          result: 'exit-code',
          execMainPid: 477,
          execMainCode: 1,
          execMainStatus: 78,
        },
        { pools: [samplePool({ listen, workers: [] })], journal: { ok: true, value: [startLine(message)] } },
      ),
    ],
    sites: [site(502, listen)],
    passes: [samplePass({ peers: [samplePeer(listen)] })],
    upstreams: [sampleUnreached(listen, listen.startsWith('tcp:') ? 'ECONNREFUSED' : 'ENOENT')],
    security,
  })

describe('FPM that may not start', () => {
  const bindPort =
    'avc:  denied  { name_bind } for  pid=477 comm="php-fpm8.2" src=9000 ' +
    `scontext=${httpd} tcontext=system_u:object_r:cslistener_port_t:s0 tclass=tcp_socket permissive=0`
  const cannotBind = (address: string) =>
    `[21-Nov-2026 02:59:00] ERROR: unable to bind listening socket for address '${address}': Permission denied (13)`
  const makeSocket =
    'apparmor="DENIED" operation="mknod" profile="php-fpm" name="/run/php/shop.sock" pid=477 comm="php-fpm8.2" ' +
    'requested_mask="c" denied_mask="c" fsuid=0 ouid=0'

  test('SELinux and its port explain that it cannot start', () => {
    const facts = down('tcp:127.0.0.1:9000', cannotBind('127.0.0.1:9000'), selinux([avc(60, bindPort)]))
    expect(told(facts)).toContain('cause selinux-denied')
    expect(told(facts).filter((each) => each.startsWith('cause'))).toHaveLength(1)
    expect(told(facts)).toContain('consequence fpm-cannot-start')
  })

  test('AppArmor and its socket explain that it cannot start', () => {
    const facts = down('unix:/run/php/shop.sock', cannotBind('/run/php/shop.sock'), {
      ...selinux([avc(60, makeSocket)]),
      selinux: null,
    })
    expect(told(facts)).toContain('cause apparmor-denied')
    expect(finding(facts)).toMatchObject({
      says: "php8.2-fpm is down: AppArmor's profile php-fpm does not let it make its socket /run/php/shop.sock.",
      withoutRemediation: expect.stringContaining('`/run/php/shop.sock rwlk,`'),
    })
  })

  test.each([
    { when: 'the denial was of an earlier start', record: bindPort.replace('pid=477', 'pid=400') },
    { when: 'the denial is about another port', record: bindPort.replace('src=9000', 'src=900') },
  ])('is what it is when $when', ({ record }) => {
    const facts = down('tcp:127.0.0.1:9000', cannotBind('127.0.0.1:9000'), selinux([avc(60, record)]))
    expect(told(facts)).toContain('cause fpm-cannot-start')
  })
})

/**
 * Of kernels that ask about connecting to a socket, too (`security/apparmor/af_unix.c`, 6.17; Ubuntu's before): the record
 * has the form of those in `readings/denials.test.ts`.
 */
describe('apparmor-denied, nginx', () => {
  const connect =
    'apparmor="DENIED" operation="connect" class="file" profile="nginx" name="/run/php/php8.2-fpm.sock" pid=51 ' +
    'comm="nginx" requested_mask="wr" denied_mask="wr" fsuid=33 ouid=33'
  const confined = (runsAs: string, record = connect): SecurityFacts => ({
    ...selinux([avc(2, record)]),
    selinux: null,
    nginxRunsAs: runsAs,
  })

  test('its profile does not have the socket', () => {
    const facts = stopped(confined('nginx (enforce)'))
    expect(told(facts)).toEqual(['cause apparmor-denied'])
    expect(finding(facts)?.withoutRemediation).toContain('`/run/php/php8.2-fpm.sock rw,`')
  })

  test.each([
    { when: 'the profile only complains', facts: () => stopped(confined('nginx (complain)')) },
    { when: 'nginx runs without one', facts: () => stopped(confined('unconfined')) },
    {
      when: 'nothing was denied',
      facts: () => stopped(confined('nginx (enforce)', connect.replace('DENIED', 'ALLOWED'))),
    },
  ])('is silent when $when', ({ facts }) => {
    expect(told(facts()).filter((each) => each.endsWith('apparmor-denied'))).toEqual([])
  })
})
