import { expect, test } from 'vitest'
import type { UnitProperties } from '../readings/unit-properties.ts'
import type { FpmFacts, NginxFacts } from '../survey/host-facts.ts'
import type { DifferingFile } from '../survey/last-good-facts.ts'
import {
  sampleDownFpm,
  sampleFacts,
  sampleFpm,
  sampleJournalEntry,
  sampleNowMs,
  samplePoolFile,
  sampleUnit,
} from '../survey/sample-facts.ts'
import { sampleDiffering, sampleLastGood } from '../survey/sample-last-good.ts'
import { restoreConfig } from './restore-config.ts'

const refusing = { ok: true, value: { passes: false, exitCode: 78, says: [] } } as const
const failed = { activeState: 'failed', result: 'exit-code', execMainStatus: 78, execMainCode: 1 }
const down = (changes: Partial<FpmFacts> = {}, unit: Partial<UnitProperties> = failed) =>
  sampleFacts({ fpm: [sampleDownFpm(unit, { configTest: refusing, lastGood: sampleLastGood(), ...changes })] })
const up = (changes: Partial<FpmFacts>) =>
  sampleFacts({ fpm: [sampleFpm({ configTest: refusing, lastGood: sampleLastGood(), ...changes })] })
const withFiles = (...differing: readonly DifferingFile[]) => down({ lastGood: sampleLastGood({ differing }) })
const draft = (facts: ReturnType<typeof sampleFacts>, service = 'php8.2-fpm') => restoreConfig.draft(facts, { service })
const actsOf = (facts: ReturnType<typeof sampleFacts>, service?: string) => {
  const drafted = draft(facts, service)
  return drafted.kind === 'draft' ? drafted.acts.map(({ act }) => act) : drafted
}

test('what was edited, what has appeared and what is gone: all of it is as it was afterwards', () => {
  const extra = '/etc/php/8.2/fpm/pool.d/zz.conf'
  const lost = '/etc/php/8.2/fpm/pool.d/api.conf'
  const drafted = draft(
    withFiles(
      sampleDiffering(),
      sampleDiffering({ path: extra, good: null, was: null, now: '[zz]\n' }),
      sampleDiffering({
        ...{ path: lost, good: '[api]\n', now: null, changedAtMs: null },
        was: { leadsTo: null, mode: 0o640, uid: 0, gid: 33 },
      }),
    ),
  )
  expect(drafted).toMatchObject({
    kind: 'draft',
    edits: [
      { edit: 'replace', path: samplePoolFile, before: sampleDiffering().now, after: sampleDiffering().good },
      { edit: 'replace', path: extra, before: '[zz]\n', after: null },
      { edit: 'create', path: lost, text: '[api]\n', mode: 0o640 },
    ],
    checks: [
      { when: 'planned', check: 'fpm-config', service: 'php8.2-fpm' },
      { when: 'live', check: 'fpm-config', service: 'php8.2-fpm' },
    ],
    clears: [{ diagnosis: 'fpm-config-invalid', subject: { kind: 'service', name: 'php8.2-fpm' } }],
    warnings: expect.arrayContaining([expect.stringContaining(`${lost} belonged to uid 0, gid 33`)]) as string[],
  })
})

test('a file behind a link is written where it lies', () => {
  const was = { leadsTo: '/srv/php/www.conf', mode: 0o644, uid: 0, gid: 0 }
  const gone = sampleDiffering({ now: null, was, leadsTo: '/srv/php/www.conf' })
  expect(draft(withFiles(gone))).toMatchObject({ edits: [{ edit: 'create', path: '/srv/php/www.conf' }] })
})

test.each<{ what: string; file: Partial<DifferingFile>; step: string }>([
  {
    what: 'has appeared',
    file: { path: '/etc/x.conf', good: null, was: null, leadsTo: '/srv/x.conf' },
    step: '`rm /etc/x.conf`',
  },
  {
    what: 'is gone',
    file: { path: '/etc/x.conf', now: null, was: { leadsTo: '/srv/x.conf', mode: 0o644, uid: 0, gid: 0 } },
    step: '`ln -sfn /srv/x.conf /etc/x.conf`',
  },
  {
    what: 'leads elsewhere',
    file: { path: '/etc/x.conf', leadsTo: '/srv/y.conf', was: { leadsTo: '/srv/x.conf', mode: 0o644, uid: 0, gid: 0 } },
    step: '`ln -sfn /srv/x.conf /etc/x.conf`',
  },
])('a link that $what is put back by a person, who is told how', ({ file, step }) => {
  expect(draft(withFiles(sampleDiffering(), sampleDiffering(file)))).toMatchObject({
    kind: 'refused',
    toDo: expect.stringContaining(step) as string,
  })
})

test('what is down is started, after a failed state is cleared', () => {
  expect(actsOf(down())).toEqual(['reset-failed', 'start'])
  expect(actsOf(down({}, { activeState: 'inactive', result: 'success', execMainStatus: 0 }))).toEqual(['start'])
})

test('what somebody stopped stays down, and its files are put back', () => {
  const stopping = sampleJournalEntry({ message: 'Stopping php8.2-fpm.service' })
  const unit = { activeState: 'inactive', result: 'success', execMainStatus: 0, execMainExitedMs: sampleNowMs - 60_000 }
  const stopped = down({ journal: { ok: true, value: [stopping] } }, unit)
  expect(draft(stopped)).toMatchObject({
    kind: 'draft',
    acts: [],
    warnings: expect.arrayContaining([expect.stringContaining('so that it stays down')]) as string[],
  })
})

test('what runs is reloaded, unless it never loaded anything else', () => {
  expect(actsOf(up({}))).toEqual(['reload-fpm'])
  expect(actsOf(up({ lastGood: sampleLastGood({ isRunning: true }) }))).toEqual([])
})

test('the same for nginx', () => {
  const facts = sampleFacts()
  const nginx = (changes: Partial<NginxFacts>) => ({
    ...facts,
    nginx: { ...facts.nginx, configTest: refusing, lastGood: sampleLastGood(), ...changes },
  })
  const dead = { master: null, unit: sampleUnit({ service: 'nginx', mainPid: 0, ...failed }) }
  expect(actsOf(nginx({}), 'nginx')).toEqual(['reload-nginx'])
  expect(actsOf(nginx({ lastGood: sampleLastGood({ isRunning: true }) }), 'nginx')).toEqual([])
  expect(actsOf(nginx(dead), 'nginx')).toEqual(['reset-failed', 'start'])
  expect(draft(nginx({}), 'nginx')).toMatchObject({
    checks: [{ check: 'nginx-config' }, { check: 'nginx-config' }],
    clears: [{ diagnosis: 'nginx-config-invalid', subject: { kind: 'service', name: 'nginx' } }],
  })
  expect(draft(nginx({ unit: null }), 'nginx')).toMatchObject({ kind: 'refused' })
})

test.each<{ what: string; facts: ReturnType<typeof sampleFacts>; kind: string; because: string }>([
  {
    what: 'the files that are there run and pass',
    facts: sampleFacts(),
    kind: 'refused',
    because: 'nothing broke that could be put back',
  },
  { what: 'nothing was kept', facts: down({ lastGood: null }), kind: 'refused', because: 'was kept' },
  {
    what: 'the files are as they were',
    facts: down({ lastGood: sampleLastGood({ differing: [] }) }),
    kind: 'nothing-to-do',
    because: 'as they were when it last loaded them, at 2026-11-21T02:00:00.000Z',
  },
  { what: 'systemd does not run it', facts: down({ unit: null }), kind: 'refused', because: 'No unit of systemd' },
])('nothing is planned where $what', ({ facts, kind, because }) => {
  expect(draft(facts)).toMatchObject({ kind, because: expect.stringContaining(because) as string })
})
