import { describe, expect, test } from 'vitest'
import { readJournal } from '../readings/journal.ts'
import { denied, fakeNowMs, fakeReadHost, type FakeWorld } from './fake-read-host.ts'
import { sampleUnit } from './sample-facts.ts'
import { securityFacts, type SecurityQuestion } from './security-facts.ts'

const question: SecurityQuestion = {
  fpm: [],
  workerPid: 51,
  sitesFail: true,
  errors: [{ kind: 'connect-denied' }],
  upstreams: ['unix:/run/php/shop.sock', 'tcp:127.0.0.1:9000'],
}
const enforcing = { '/sys/fs/selinux/enforce': '1', '/proc/51/attr/current': 'system_u:system_r:httpd_t:s0\0' }
const appArmor = { '/sys/module/apparmor/parameters/enabled': 'Y\n', '/proc/51/attr/current': 'nginx (enforce)\n' }
const audited = (secondsAgo: number) =>
  `type=AVC msg=audit(${(fakeNowMs / 1000 - secondsAgo).toFixed(3)}:52): avc:  denied  { write } for  pid=51 comm="nginx" name="shop.sock" tclass=sock_file permissive=0\n`

const down = (message: string, activeState = 'failed'): SecurityQuestion['fpm'][number] => ({
  master: null,
  unit: sampleUnit({ activeState }),
  journal: {
    ok: true,
    value: readJournal(JSON.stringify({ __REALTIME_TIMESTAMP: String(fakeNowMs * 1000), MESSAGE: message })).entries,
  },
})

async function look(world: FakeWorld, changes: Partial<SecurityQuestion> = {}) {
  const host = fakeReadHost(world)
  const answer = await securityFacts(host, { ...question, ...changes })
  return { ...answer, asked: host.questions.map(({ tool }) => tool), touched: host.touched }
}

describe('what it costs', () => {
  test.each<{ where: string; world: FakeWorld; changes: Partial<SecurityQuestion> }>([
    { where: 'neither of them is there', world: {}, changes: {} },
    { where: 'all is well', world: { tree: enforcing }, changes: { sitesFail: false } },
    {
      where: 'SELinux only watches',
      world: { tree: { ...enforcing, '/sys/fs/selinux/enforce': '0' } },
      changes: {},
    },
    {
      where: 'something else fails',
      world: { tree: enforcing },
      changes: { errors: [{ kind: 'connect-refused' }], fpm: [down('exited with 255')] },
    },
    {
      where: 'FPM was stopped by somebody, and nobody misses it',
      world: { tree: enforcing },
      changes: {
        sitesFail: false,
        fpm: [down('Permission denied (13)', 'inactive')],
      },
    },
  ])('no log is read where $where', async ({ world, changes }) => {
    const { facts, couldNotTell, asked, touched } = await look(world, changes)
    expect(facts).toMatchObject({ denials: null, wrongLabels: [] })
    expect([couldNotTell, asked, touched.size]).toEqual([[], [], 3])
  })
})

test.each([
  { is: 'enforcing', text: '1', selinux: 'enforcing' },
  { is: 'permissive', text: '0', selinux: 'permissive' },
] as const)('SELinux is $is, and nginx has a domain', async ({ text, selinux }) => {
  const { facts } = await look({ tree: { ...enforcing, '/sys/fs/selinux/enforce': text } })
  expect(facts).toMatchObject({ selinux, nginxRunsAs: 'system_u:system_r:httpd_t:s0' })
})

describe('denials', () => {
  test('come from auditd where it runs; labels are asked for sockets and their folders', async () => {
    const { facts, asked } = await look({
      tree: { ...enforcing, '/var/log/audit/audit.log': audited(1000) + audited(10) },
      answers: { 'wrong-labels': '/run/php has context a:b:c:s0, should be a:b:d:s0\n' },
    })
    expect(facts.denials).toMatchObject({ ok: true, value: { source: '/var/log/audit/audit.log' } })
    expect(facts.denials?.ok && facts.denials.value.all.at(-1)).toMatchObject({ atMs: fakeNowMs - 10_000 })
    expect(facts.wrongLabels).toEqual([{ path: '/run/php', is: 'a:b:c:s0', shouldBe: 'a:b:d:s0' }])
    expect(asked).toEqual(['wrong-labels'])
  })

  test('come from the journal where no auditd is, and AppArmor has no labels', async () => {
    const entry = JSON.stringify({
      __REALTIME_TIMESTAMP: String(fakeNowMs * 1000),
      _TRANSPORT: 'kernel',
      MESSAGE:
        'audit: type=1400 audit(1795260707.235:82): apparmor="DENIED" operation="mknod" profile="php-fpm" name="/run/php/shop.sock" pid=434 comm="php-fpm8.2" requested_mask="c" denied_mask="c" fsuid=0 ouid=0',
    })
    const { facts, asked } = await look({ tree: appArmor, answers: { 'denial-journal': entry } })
    expect(facts.denials).toMatchObject({ ok: true, value: { all: [{ by: 'apparmor', name: '/run/php/shop.sock' }] } })
    expect(asked).toEqual(['denial-journal'])
  })

  test('are asked for where FPM is down by itself, too', async () => {
    const fpm = [down("unable to bind listening socket for address '/x': Permission denied (13)")]
    const { facts } = await look(
      { tree: { ...enforcing, '/var/log/audit/audit.log': audited(10) } },
      { sitesFail: false, fpm },
    )
    expect(facts.denials?.ok).toBe(true)
  })

  test.each<{ is: string; world: FakeWorld; why: string }>([
    {
      is: 'the log may not be read',
      world: { tree: { ...enforcing, '/var/log/audit/audit.log': denied } },
      why: 'permission denied',
    },
    { is: 'there is neither auditd nor a journal', world: { tree: appArmor }, why: 'denial-journal is not installed' },
  ])('are not known where $is, and that is said', async ({ world, why }) => {
    const { facts, couldNotTell } = await look(world)
    expect(facts.denials?.ok).toBe(false)
    expect(couldNotTell).toEqual([{ what: 'what SELinux or AppArmor has forbidden', why }])
  })
})
