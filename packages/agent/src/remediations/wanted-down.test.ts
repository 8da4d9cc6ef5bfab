/** What a person wants down: refused with who and when, and brought back by one exact line (DESIGN D11). */
import { describe, expect, test } from 'vitest'
import type { JournalEntry } from '../readings/journal.ts'
import {
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleJournalEntry,
  sampleNowMs,
  sampleUnit,
} from '../survey/sample-facts.ts'
import type { FpmFacts, HostFacts } from '../survey/host-facts.ts'
import type { Drafted } from './define.ts'
import { enableService } from './enable-service.ts'
import { startService } from './start-service.ts'
import { unmaskService } from './unmask-service.ts'

const service = 'php8.2-fpm'
const atMs = sampleNowMs - 600_000
const remediations = { 'start-service': startService, 'enable-service': enableService, 'unmask-service': unmaskService }

function line(message: string): JournalEntry {
  return sampleJournalEntry({ atMs, message })
}

function bySudo(verb: string): HostFacts['adminSessions'] {
  const says = `/usr/bin/systemctl ${verb} ${service}`
  return { ok: true, value: [{ how: 'sudo', user: 'alice', says, openedMs: atMs - 100, closedMs: atMs + 100 }] }
}

function withFpm(fpm: FpmFacts, adminSessions: HostFacts['adminSessions'] = { ok: true, value: [] }): HostFacts {
  return sampleFacts({ fpm: [fpm], adminSessions })
}

const inactive = { activeState: 'inactive', subState: 'dead', execMainExitedMs: atMs, inactiveEnterMs: atMs } as const
const never = { ...inactive, execMainStartedMs: null, execMainExitedMs: null, inactiveEnterMs: null } as const
const mask = { path: `/etc/systemd/system/${service}.service`, leadsTo: '/dev/null', madeAtMs: atMs }
const journal = { ok: true, value: [line(`Stopping ${service}.service`)] } as const
const refusing = { ok: true, value: { passes: false, exitCode: 78, says: [] } } as const

const hosts = {
  stopped: withFpm(sampleDownFpm(inactive, { journal }), bySudo('stop')),
  masked: withFpm(
    sampleDownFpm({ ...inactive, loadState: 'masked', unitFileState: 'masked' }, { mask, journal }),
    bySudo('mask'),
  ),
  'masked until the next boot': withFpm(
    sampleDownFpm({ ...inactive, loadState: 'masked', unitFileState: 'masked-runtime' }, { mask }),
  ),
  'masked while running': withFpm(
    sampleFpm({ unit: sampleUnit({ loadState: 'masked', unitFileState: 'masked' }), mask }),
  ),
  'disabled and booted': withFpm(sampleDownFpm({ ...never, unitFileState: 'disabled', startedBy: [] })),
  'disabled while running': withFpm(sampleFpm({ unit: sampleUnit({ unitFileState: 'disabled', startedBy: [] }) })),
}

describe('without a word it is refused', () => {
  test.each([
    ['start-service', 'stopped', /was stopped at 2026-11-21T02:50:00.000Z through systemctl by alice, with sudo/],
    ['start-service', 'disabled and booted', /is disabled and has not been started/],
    ['start-service', 'masked', /was masked at 2026-11-21T02:50:00.000Z by alice, with sudo/],
    ['unmask-service', 'masked', /was masked at 2026-11-21T02:50:00.000Z by alice, with sudo/],
    ['unmask-service', 'masked while running', /was masked at 2026-11-21T02:50:00.000Z/],
    ['enable-service', 'disabled and booted', /was disabled, which somebody did/],
    ['enable-service', 'disabled while running', /was disabled, which somebody did/],
  ] as const)('%s where it was %s', (id, host, because) => {
    const drafted = remediations[id].draft(hosts[host], { service, startStopped: false })
    expect(drafted).toMatchObject({
      kind: 'refused',
      because: expect.stringMatching(because) as string,
      toDo: expect.stringMatching(
        /`fleetmend-agent plan [a-z]+-service --input service=php8\.2-fpm --start-stopped`/,
      ) as string,
    })
  })
})

describe('with it, it is done', () => {
  const on = (setting: string, before: boolean) => [{ of: 'unit-setting', service, setting, before, after: !before }]
  test.each([
    ['start-service', 'stopped', [], ['start']],
    ['start-service', 'disabled and booted', [], ['start']],
    ['unmask-service', 'masked', on('masked', true), ['start']],
    ['unmask-service', 'masked until the next boot', on('masked-runtime', true), ['start']],
    ['unmask-service', 'masked while running', on('masked', true), []],
    ['enable-service', 'disabled and booted', on('enabled', false), ['start']],
    ['enable-service', 'disabled while running', on('enabled', false), []],
  ] as const)('%s where it was %s', (id, host, besides, acts) => {
    const drafted = drafting(remediations[id].draft(hosts[host], { service, startStopped: true }))
    expect(drafted.besides ?? []).toEqual(besides)
    expect(drafted.acts.map(({ act }) => act)).toEqual(acts)
    expect(drafted.basis).toMatchObject([{ of: 'unit', service }])
    expect(drafted.disturbs).toEqual([])
  })

  test('but a mask is never passed by a start', () => {
    expect(startService.draft(hosts.masked, { service, startStopped: true })).toMatchObject({
      kind: 'refused',
      toDo: expect.stringContaining('unmask-service') as string,
    })
  })

  test.each(['start-service', 'enable-service', 'unmask-service'] as const)(
    '%s does not start what refuses its configuration',
    (id) => {
      const { unit } = hosts[id === 'unmask-service' ? 'masked' : 'disabled and booted'].fpm[0]!
      const facts = withFpm(sampleDownFpm(unit ?? {}, { configTest: refusing, mask }))
      expect(remediations[id].draft(facts, { service, startStopped: true })).toMatchObject({
        kind: 'refused',
        because: expect.stringContaining('refuses its configuration (exit code 78)') as string,
      })
    },
  )
})

describe('what nobody wanted down', () => {
  test.each([
    ['died', { activeState: 'failed', result: 'signal', execMainCode: 2, execMainStatus: 9 }, 'fpm-crashed'],
    ['died for memory', { activeState: 'failed', result: 'oom-kill' }, 'fpm-oom-stopped'],
    ['ended by itself', inactive, 'fpm-stopped'],
  ] as const)('is started where it %s', (_, unit, clears) => {
    const drafted = drafting(startService.draft(withFpm(sampleDownFpm(unit)), { service, startStopped: false }))
    expect(drafted.acts.at(-1)).toEqual({ act: 'start', service })
    expect(drafted.clears.map(({ diagnosis }) => diagnosis)).toContain(clears)
  })

  test('is told of that a boot would not bring it back', () => {
    const unit = { ...inactive, unitFileState: 'disabled', startedBy: [] }
    const drafted = drafting(startService.draft(withFpm(sampleDownFpm(unit)), { service, startStopped: false }))
    expect(drafted.warnings.join()).toMatch(/after the next boot it is down again/)
  })

  test('runs, and is left alone', () => {
    for (const remediation of Object.values(remediations))
      expect(remediation.draft(sampleFacts(), { service, startStopped: true })).toMatchObject({ kind: 'nothing-to-do' })
  })
})

describe('nginx', () => {
  const facts = sampleFacts()
  const withNginx = (changes: Partial<HostFacts['nginx']>): HostFacts => ({
    ...facts,
    nginx: { ...facts.nginx, master: null, ...changes },
  })
  const unit = sampleUnit({ service: 'nginx', mainPid: 0, activeState: 'failed', result: 'signal', execMainCode: 2 })

  test('is started after its own test', () => {
    const drafted = drafting(startService.draft(withNginx({ unit }), { service: 'nginx', startStopped: false }))
    expect(drafted).toMatchObject({
      checks: [{ when: 'planned', check: 'nginx-config', service: 'nginx' }],
      acts: [{ act: 'reset-failed' }, { act: 'start', service: 'nginx' }],
      clears: [{ diagnosis: 'nginx-stopped' }],
    })
  })

  test('that no unit runs is not started', () => {
    expect(startService.draft(withNginx({ unit: null }), { service: 'nginx', startStopped: true })).toMatchObject({
      kind: 'refused',
      because: expect.stringContaining('No unit of systemd runs nginx') as string,
    })
  })

  test('that is masked is unmasked only with a word', () => {
    const masked = { ...unit, activeState: 'inactive', loadState: 'masked', unitFileState: 'masked' }
    const draft = (startStopped: boolean) =>
      unmaskService.draft(withNginx({ unit: masked }), { service: 'nginx', startStopped })
    expect(draft(false)).toMatchObject({ kind: 'refused' })
    expect(draft(true)).toMatchObject({ kind: 'draft', clears: [{ diagnosis: 'nginx-stopped' }] })
  })
})

function drafting(drafted: Drafted): Extract<Drafted, { kind: 'draft' }> {
  if (drafted.kind !== 'draft') throw new Error(drafted.because)
  return drafted
}
