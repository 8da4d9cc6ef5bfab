import { describe, expect, test } from 'vitest'
import { readFpmLog } from '../../readings/fpm-log.ts'
import type { FpmFacts, HostFacts } from '../../survey/host-facts.ts'
import { sampleUpstream } from '../../survey/sample-addresses.ts'
import { sampleDownFpm, sampleFacts, sampleFpm, sampleUnit } from '../../survey/sample-facts.ts'
import { sampleFailingSite } from '../../survey/sample-sites.ts'
import { diagnose } from '../diagnose.ts'

const started = '[21-Nov-2026 02:00:00] NOTICE: ready to handle connections\n'
const ended = '[21-Nov-2026 02:59:00] NOTICE: Terminating ...\n[21-Nov-2026 02:59:00] NOTICE: exiting, bye-bye!\n'
const pidFile = { path: '/run/php/php8.2-fpm.pid', pid: 4711, writtenMs: Date.parse('2026-11-21T02:00:00Z') }
const logOf = (text: string) =>
  ({ ok: true, value: { path: '/var/log/php8.2-fpm.log', entries: readFpmLog(text) } }) as const
const elsewhere = { ok: false, why: 'missing', says: 'FPM logs to its standard error' } as const
const refused = { kind: 'cannot-connect', errno: 'ECONNREFUSED', says: 'connection refused', tookMs: 1 } as const

function down(
  changes: Partial<FpmFacts>,
  facts: Partial<HostFacts> = {},
  upstream = sampleUpstream({ reply: refused, holders: [] }),
): HostFacts {
  const service = { ...sampleDownFpm({}), unit: null, journal: elsewhere, ...changes }
  return { ...sampleFacts({ fpm: [service], sites: [sampleFailingSite()], upstreams: [upstream] }), ...facts }
}
const found = (facts: HostFacts) => diagnose(facts).findings.map(({ role, diagnosis }) => `${role} ${diagnosis}`)
const first = (facts: HostFacts) => diagnose(facts).findings[0]

test('an end that FPM wrote down is one that it was told', () => {
  const facts = down({ log: logOf(started + ended) })
  expect(found(facts)).toEqual(['cause fpm-stopped'])
  expect(first(facts)?.says).toMatch(/^php8\.2-fpm was told to end at 2026-11-21T/)
})

test.each([
  { is: 'its pid file and a log that breaks off', changes: { pidFile, log: logOf(started) } },
  { is: 'its pid file alone', changes: { pidFile, log: elsewhere } },
  { is: 'a log that breaks off alone', changes: { log: logOf(started) } },
  { is: 'its pid file, whatever PHP wrote into its log', changes: { pidFile, log: logOf(started + ended) } },
])('a death without a word is told by $is', ({ changes }) => {
  const facts = down(changes)
  expect(found(facts)).toEqual(['cause fpm-crashed'])
  expect(first(facts)?.says).toContain('died without a word')
})

test('where nothing tells, that is said', () => {
  const facts = down({ log: elsewhere })
  expect(found(facts)).toEqual(['cause fpm-stopped'])
  expect(first(facts)?.says).toBe('php8.2-fpm is not running; what ended it, if it ever ran, left no trace.')
})

test('nothing is offered that systemd would have to do; a person is told what to do', () => {
  const { remediations, withoutRemediation } = first(down({ pidFile }))!
  expect(remediations).toEqual([])
  expect(withoutRemediation).toContain('`/usr/sbin/php-fpm8.2 --daemonize --fpm-config /etc/php/8.2/fpm/php-fpm.conf`')
  expect(withoutRemediation).not.toContain('systemctl')
})

describe('what still listens', () => {
  const address = 'unix:/run/php/php8.2-fpm.sock' as const
  const held = (
    comm: string,
    title: string,
    reply: typeof refused | { kind: 'timed-out'; connectMs: number; tookMs: number },
  ) => sampleUpstream({ reply, holders: [{ address, pid: 17, comm, title }] })

  test('workers without their master are a risk while they answer', () => {
    const { reply } = sampleUpstream()
    const orphans = sampleUpstream({
      reply,
      holders: [{ address, pid: 17, comm: 'php-fpm8.2', title: 'php-fpm: pool www' }],
    })
    const facts = down({ pidFile }, {}, orphans)
    expect(found(facts)).toContain('risk fpm-crashed')
    expect(first(facts)?.says).toContain('One worker of it is left and still takes requests')
  })

  test('a process that a script left behind keeps it from starting', () => {
    const facts = down({ pidFile }, {}, held('sleep', 'sleep 600', { kind: 'timed-out', connectMs: 0, tookMs: 5000 }))
    expect(found(facts)).toEqual(['cause fpm-cannot-start', 'consequence fpm-crashed'])
    expect(first(facts)?.says).toContain('another process listens on /run/php/php8.2-fpm.sock: sleep (17)')
  })
})

test('while it runs, nothing is said of units that there are not', () => {
  const facts = sampleFacts({ fpm: [sampleFpm({ unit: null, journal: elsewhere })] })
  expect(found(facts)).toEqual([])
})

test('a master beside its unit is a risk, and its unit no cause', () => {
  const unit = sampleUnit({ activeState: 'failed', subState: 'failed', result: 'signal', mainPid: 0, restart: 'no' })
  const facts = sampleFacts({ fpm: [sampleFpm({ unit })] })
  expect(found(facts)).toContain('risk fpm-stopped')
  expect(found(facts).filter((each) => each.startsWith('cause'))).toEqual([])
})

describe('without nginx', () => {
  const none = { ok: false, why: 'missing', says: 'nginx is not installed' } as const
  const image = (passed: boolean): HostFacts => {
    const facts = sampleFacts({ fpm: [sampleFpm({ unit: null, journal: elsewhere })], sites: [] })
    const probe = { site: 'php8.2-fpm/www', over: 'fastcgi', passed, says: 'asked', tookMs: 1 } as const
    return {
      ...facts,
      nginx: { ...facts.nginx, unit: null, master: null, sites: none, passes: [] },
      poolProbes: [probe],
    }
  }

  test('FPM itself says whether it answers', () => {
    expect(diagnose(image(true))).toMatchObject({ status: 'healthy', findings: [], couldNotTell: [] })
  })

  test('a pool that does not answer fails, even without a cause found', () => {
    expect(diagnose(image(false))).toMatchObject({
      status: 'failing',
      couldNotTell: [{ what: 'why php8.2-fpm/www fails' }],
    })
  })
})

describe('nginx', () => {
  const gone = (changes: Partial<HostFacts['nginx']>): HostFacts => {
    const facts = sampleFacts({})
    return {
      ...facts,
      nginx: { ...facts.nginx, unit: null, master: null, workerPid: null, workerPids: [], ...changes },
    }
  }

  test('that was killed has left its pid file', () => {
    const facts = gone({ pidFile: { path: '/run/nginx.pid', pid: 50, writtenMs: 0 } })
    expect(found(facts)).toEqual(['cause nginx-stopped'])
    expect(first(facts)?.withoutRemediation).not.toContain('systemctl')
  })

  test('that is installed and missed by nobody is no finding', () => {
    expect(found(gone({}))).toEqual([])
  })
})
