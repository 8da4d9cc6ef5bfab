import { describe, expect, test } from 'vitest'
import type { CapacityFacts } from '../survey/capacity-facts.ts'
import {
  sampleCapacity,
  sampleConfig,
  sampleFacts,
  sampleFpm,
  samplePoolFile,
  samplePoolText,
  sampleUnit,
} from '../survey/sample-facts.ts'
import { sampleNginxConfig, sampleNginxMain, sampleNginxMainText } from '../survey/sample-nginx-config.ts'
import { raiseLimits } from './raise-limits.ts'
import { filesAfter, mustDraft } from './sample-edits.ts'

const nginx = (changes: Partial<NonNullable<CapacityFacts['nginx']>>, main = sampleNginxMainText) =>
  sampleFacts({
    capacity: sampleCapacity({ nginx: { ...sampleCapacity().nginx!, ...changes } }),
    nginxConfig: sampleNginxConfig({ [sampleNginxMain]: main }),
  })

describe('of nginx', () => {
  const connections = { service: 'nginx', limit: 'connections' } as const
  const files = { service: 'nginx', limit: 'files' } as const

  test('connections, with the files that they take', () => {
    const facts = nginx({})
    const drafted = raiseLimits.draft(facts, connections)
    expect(filesAfter(facts, drafted)).toEqual({
      [sampleNginxMain]: sampleNginxMainText
        .replace('connections 768', 'connections 4096')
        .replace('processes auto;\n', 'processes auto;\nworker_rlimit_nofile 16384;\n'),
    })
    expect(mustDraft(drafted)).toMatchObject({ disturbs: [], acts: [{ act: 'reload-nginx' }] })
  })

  test('connections alone where workers may open enough files', () => {
    const facts = nginx({ openFiles: { limit: 65_536, now: 14 } })
    expect(filesAfter(facts, raiseLimits.draft(facts, connections))).toEqual({
      [sampleNginxMain]: sampleNginxMainText.replace('connections 768', 'connections 4096'),
    })
  })

  test('connections that nothing sets go into events', () => {
    const main = sampleNginxMainText.replace('\tworker_connections 768;\n', '')
    const facts = nginx({ workerConnections: { value: 512, setAt: null }, openFiles: { limit: 65_536, now: 1 } }, main)
    expect(filesAfter(facts, raiseLimits.draft(facts, connections))[sampleNginxMain]).toMatch(
      /events \{[^}]*worker_connections 2048;\n\}/,
    )
  })

  test('files where they are set, and at the main level where they are not', () => {
    const main = `worker_rlimit_nofile 16;\n${sampleNginxMainText}`
    const set = nginx({ openFiles: { limit: 16, now: 15 } }, main)
    expect(filesAfter(set, raiseLimits.draft(set, files))).toEqual({
      [sampleNginxMain]: main.replace('nofile 16', 'nofile 8192'),
    })
    const unset = nginx({})
    expect(filesAfter(unset, raiseLimits.draft(unset, files))[sampleNginxMain]).toContain(
      '\nworker_processes auto;\nworker_rlimit_nofile 8192;\n',
    )
  })

  test.each([
    { limit: 'connections', facts: nginx({ workerConnections: { value: 65_536, setAt: null } }), toDo: 'ss -tn' },
    { limit: 'files', facts: nginx({ openFiles: { limit: 1_048_576, now: 9 } }), toDo: '/proc/51/fd' },
    { limit: 'processes', facts: nginx({}), toDo: 'for a PHP-FPM' },
  ] as const)('$limit that are no help are refused', ({ limit, facts, toDo }) => {
    expect(raiseLimits.draft(facts, { service: 'nginx', limit })).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining(toDo) as string,
    })
  })
})

describe('of PHP-FPM', () => {
  test('files of the pools that limit themselves to a handful', () => {
    const pool = `${samplePoolText}rlimit_files = 5\n`
    const facts = sampleFacts({ fpm: [sampleFpm({ config: { ok: true, value: sampleConfig({ pool }) } })] })
    const drafted = raiseLimits.draft(facts, { service: 'php8.2-fpm', limit: 'files' })
    expect(filesAfter(facts, drafted)).toEqual({ [samplePoolFile]: pool.replace('files = 5', 'files = 1024') })
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'reload-fpm' }],
      clears: [{ diagnosis: 'workers-cannot-run', subject: { kind: 'pool', name: 'php8.2-fpm/www' } }],
    })
    expect(raiseLimits.draft(sampleFacts(), { service: 'php8.2-fpm', limit: 'files' })).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('LimitNOFILE') as string,
    })
  })

  const processes = { service: 'php8.2-fpm', limit: 'processes' } as const
  const held = (limit: number, now: number, path = '/sys/fs/cgroup/system.slice/php8.2-fpm.service', dropIns = {}) =>
    sampleFacts({
      fpm: [sampleFpm(dropIns)],
      capacity: sampleCapacity({
        fpm: new Map([['php8.2-fpm', { memory: null, held: new Map(), processes: { limit, now, path } }]]),
      }),
    })

  test('processes in a drop-in that systemd reads last, with nothing restarted', () => {
    const later = sampleUnit({ dropInPaths: ['/etc/systemd/system/php8.2-fpm.service.d/zz.conf'] })
    const facts = held(3, 3, undefined, { unit: later })
    const drafted = raiseLimits.draft(facts, processes)
    expect(filesAfter(facts, drafted)).toEqual({
      '/etc/systemd/system/php8.2-fpm.service.d/60-fleetmend-limits.conf': expect.stringContaining(
        '[Service]\nTasksMax=4096\n',
      ) as string,
    })
    expect(mustDraft(drafted)).toMatchObject({
      acts: [{ act: 'daemon-reload' }],
      checks: [{ when: 'planned', check: 'unit-file', service: 'php8.2-fpm' }],
      disturbs: [],
      warnings: [expect.stringContaining('zz.conf')],
    })
  })

  test('our own drop-in of an earlier time is replaced', () => {
    const path = '/etc/systemd/system/php8.2-fpm.service.d/60-fleetmend-limits.conf'
    const facts = held(3, 3, undefined, { dropIns: [{ path, text: '[Service]\nTasksMax=3\n' }] })
    expect(filesAfter(facts, raiseLimits.draft(facts, processes))[path]).toMatch(/^# Written[^]*TasksMax=4096\n$/)
  })

  test.each([
    { is: 'is not reached', facts: held(4915, 7), toDo: 'kernel.pid_max' },
    { is: 'is of cgroup v1', facts: held(3, 3, '/sys/fs/cgroup/pids/x'), toDo: 'set-property' },
  ])('processes where the limit $is are left to a person', ({ facts, toDo }) => {
    expect(raiseLimits.draft(facts, processes)).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining(toDo) as string,
    })
  })
})
