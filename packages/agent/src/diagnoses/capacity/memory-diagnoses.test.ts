import { readFileSync } from 'node:fs'
import { describe, expect, test } from 'vitest'
import type { FpmLogEntry } from '../../readings/fpm-log.ts'
import type { NginxErrorEntry } from '../../readings/nginx-error-log.ts'
import type { CapacityFacts } from '../../survey/capacity-facts.ts'
import type { HostFacts } from '../../survey/host-facts.ts'
import { sampleFacts, sampleFpm, sampleNowMs, samplePool, sampleWorkers } from '../../survey/sample-facts.ts'
import { about, fpmCapacity, fpmLog, localTime, nginxLog } from '../../survey/sample-logs.ts'
import { diagnose } from '../diagnose.ts'

const found = (facts: HostFacts) => diagnose(facts).findings.map(({ diagnosis, role }) => `${role} ${diagnosis}`)

describe('worker-oom-killed', () => {
  const death = (secondsAgo: number, signal = 9): FpmLogEntry => ({
    event: 'child-signalled',
    pool: 'www',
    pid: 48,
    signal,
    name: 'SIGKILL',
    afterSeconds: 135,
    level: 'WARNING',
    localTime: localTime(secondsAgo),
    text: `[pool www] child 48 exited on signal ${signal} (SIGKILL) after 135.029585 seconds from start`,
  })
  const counted = (oomKills: number | null, path = '/system.slice/php8.2-fpm.service') =>
    fpmCapacity({ memory: { folder: `/sys/fs/cgroup${path}`, path, version: 2, oomKills } })
  const record = (secondsAgo: number, pid: number, cgroup: string | null): CapacityFacts => ({
    ...counted(null),
    oomKills: {
      ok: true,
      value: [
        {
          atMs: sampleNowMs - secondsAgo * 1000,
          pid,
          name: 'php-fpm8.2',
          cgroup,
          limitCgroup: null,
          says: `Out of memory: Killed process ${pid} (php-fpm8.2)`,
        },
      ],
    },
  })
  const facts = (capacity: CapacityFacts, deaths = [death(20)]) => sampleFacts({ fpm: [fpmLog(deaths)], capacity })

  test.each([
    { word: "the counter of the service's cgroup", capacity: counted(1) },
    {
      word: 'its record, by cgroup, where a container counts processes otherwise',
      capacity: record(20, 31_764, '/lab/system.slice/php8.2-fpm.service'),
    },
    { word: 'its record, by pid, from an old kernel', capacity: record(21, 48, null) },
  ])("is said with the kernel's word: $word", ({ capacity }) => {
    const [finding] = diagnose(facts(capacity)).findings
    expect(finding).toMatchObject({
      diagnosis: 'worker-oom-killed',
      role: 'cause',
      says: 'The kernel killed a worker of php8.2-fpm (www) for the memory of this host.',
    })
    expect(finding!.evidence).toHaveLength(2)
  })

  test.each([
    { what: 'signal 9 alone', capacity: counted(0) },
    { what: 'a counter that all services share', capacity: counted(3, '/') },
    { what: 'fewer kills than deaths', capacity: counted(1), deaths: [death(40), death(20)] },
    { what: "another service's death at that moment", capacity: record(20, 48, '/system.slice/mariadb.service') },
    { what: 'a kill at another time', capacity: record(90, 48, null) },
    { what: 'a crash', capacity: counted(1), deaths: [death(20, 11)] },
    { what: 'an old death', capacity: counted(1), deaths: [death(1800)] },
  ])('$what is not enough', ({ capacity, deaths }) => {
    expect(found(facts(capacity, deaths)).filter((line) => line.includes('oom'))).toEqual([])
  })
})

describe('pool-too-large', () => {
  const limit = (limitMiB: number, usedMiB = 60) => ({
    totalMiB: 8000,
    availableMiB: 5000,
    cgroupLimitMiB: new Map([
      ['php8.2-fpm', { limitMiB, usedMiB, path: '/sys/fs/cgroup/system.slice/php8.2-fpm.service' }],
    ]),
  })
  const large = (maxChildren: number, changes = {}) => sampleFpm({ pools: [samplePool({ maxChildren, ...changes })] })

  test('more workers than the host holds: a risk, with a size that fits', () => {
    const [finding] = diagnose(sampleFacts({ fpm: [large(400)] })).findings
    expect(finding).toMatchObject({
      diagnosis: 'pool-too-large',
      role: 'risk',
      says: 'With all workers busy, php8.2-fpm/www can need 16000 MiB, and this host can give 5026 MiB.',
      remediations: [{ id: 'tune-pool', input: { pool: 'php8.2-fpm/www', maxChildren: 100 } }],
    })
  })

  test('a limit above the service is tighter than the host', () => {
    const [finding] = diagnose(sampleFacts({ fpm: [large(60)], memory: limit(1024) })).findings
    expect(finding!.says).toBe(
      'With all workers busy, php8.2-fpm/www can need 2400 MiB, and the limit above it is 1024 MiB.',
    )
  })

  test('pools of several services share one host', () => {
    const other = sampleFpm({
      service: 'php8.3-fpm',
      pools: [samplePool({ subject: 'php8.3-fpm/api', maxChildren: 70 })],
    })
    expect(found(sampleFacts({ fpm: [large(70), other] }))).toContain('risk pool-too-large')
    expect(found(sampleFacts({ fpm: [large(70)] }))).toEqual([])
  })

  test('with nothing left now, it is the cause', () => {
    const workers = sampleWorkers(20).map((each) => ({ ...each, memory: { ...each.memory!, pssKiB: 49 * 1024 } }))
    const facts = sampleFacts({ fpm: [large(60, { workers })], memory: limit(1024, 1020) })
    expect(found(facts)).toContain('cause pool-too-large')
  })

  test('without the memory of a worker, or of the host, nothing is said', () => {
    const unknown = sampleWorkers(2).map((each) => ({ ...each, memory: null }))
    expect(found(sampleFacts({ fpm: [large(4000, { workers: unknown })] }))).toEqual([])
    expect(found(sampleFacts({ fpm: [large(4000)], memory: null }))).toEqual([])
  })
})

describe('memory-limit-hit', () => {
  const hit = (
    secondsAgo: number,
    text = 'PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted (tried to allocate 536870944 bytes) in /var/www/html/report.php on line 2',
  ) =>
    nginxLog(
      secondsAgo,
      `FastCGI sent in stderr: "PHP message: ${text}"${about('reading response header from upstream')}`,
    )
  const memory = (errors: readonly NginxErrorEntry[], fpm = sampleFpm()) =>
    found(sampleFacts({ fpm: [fpm], errors })).filter((line) => line.endsWith('memory-limit-hit'))

  test('one is a note, and going on is a cause', () => {
    expect(memory([...hit(100)])).toEqual(['note memory-limit-hit'])
    expect(memory([...hit(50), ...hit(40), ...hit(5)])).toEqual(['cause memory-limit-hit'])
  })

  test('after other messages of PHP it counts as well', () => {
    expect(
      memory([
        ...hit(
          5,
          'PHP Warning:  Undefined variable $a in /x.php on line 1; PHP message: PHP Fatal error:  Allowed memory size of 134217728 bytes exhausted',
        ),
      ]),
    ).toEqual(['note memory-limit-hit'])
  })

  test('PHP 7.4 writes nothing between its messages', () => {
    const log = readFileSync(
      new URL('../../readings/cases/nginx-error-log/php-7.4-memory.log', import.meta.url),
      'utf8',
    )
    const said = /stderr: "PHP message: (.*)" while reading/.exec(log)?.[1]
    expect(memory(hit(5, said))).toEqual(['note memory-limit-hit'])
  })

  test.each([
    {
      what: 'another fatal error that quotes such words',
      errors: hit(
        5,
        'PHP Fatal error:  Uncaught Error: xPHP message: PHP Fatal error:  Allowed memory size of 5 bytes exhausted',
      ),
    },
    {
      what: 'a warning with such words',
      errors: [...hit(5, 'PHP Warning:  Allowed memory size of 5 bytes exhausted')],
    },
    { what: 'what a reload has mended since', errors: hit(50), fpm: sampleFpm({ loadedAtMs: sampleNowMs - 10_000 }) },
    { what: 'an old one', errors: hit(4000) },
  ])('$what is nothing', ({ errors, fpm }) => {
    expect(memory(errors, fpm)).toEqual([])
  })
})
