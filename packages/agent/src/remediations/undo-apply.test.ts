import type { SiteProbe } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import {
  sampleDownFpm,
  sampleFacts,
  sampleJournalEntry,
  sampleNowMs,
  samplePoolFile,
  samplePoolText,
} from '../survey/sample-facts.ts'
import { sampleSite } from '../survey/sample-sites.ts'
import {
  sampleApplied,
  sampleAppliedChange,
  sampleApply,
  sampleFileChange,
  samplePlanApplied,
  sampleUndo,
  sampleUndoneText,
} from '../survey/sample-undo.ts'
import type { AppliedFacts } from '../survey/undo-facts.ts'
import { readInput } from './read-input.ts'
import { undoApply } from './undo-apply.ts'

const service = 'php8.2-fpm'
const dropIn = `/etc/systemd/system/${service}.service.d/50-fleetmend.conf`
const draft = (applied: Partial<AppliedFacts> = {}, facts: Parameters<typeof sampleFacts>[0] = {}) =>
  undoApply.draft(sampleFacts({ ...facts, undo: sampleUndo(applied) }), { apply: sampleApply })
const drafted = (...args: Parameters<typeof draft>) => {
  const made = draft(...args)
  if (made.kind !== 'draft') throw new Error(made.because)
  return made
}
const containing = (text: string) => expect.stringContaining(text) as string
const plan = (acts: ReturnType<typeof samplePlanApplied>['acts'], changes = [sampleFileChange()]) =>
  samplePlanApplied({ acts, changes })

test('an edited file is what it was, and who read it is told in the same way, after the same checks', () => {
  expect(drafted()).toMatchObject({
    because: containing(`${sampleApply} (tune-pool, at 2026-11-21T02:00:00.000Z) is undone`),
    edits: [{ edit: 'replace', path: samplePoolFile, before: sampleUndoneText, after: samplePoolText }],
    clears: [],
    checks: [
      { when: 'planned', check: 'fpm-config', service },
      { when: 'live', check: 'fpm-config', service },
    ],
    acts: [{ act: 'reload-fpm', service, deadlineMs: 30_000 }],
    disturbs: [containing('none is lost'), containing('sleep()')],
  })
})

test('what it made is gone, what it removed is there, a folder and systemd are as before', () => {
  const made = sampleAppliedChange({
    change: sampleFileChange(dropIn, true),
    file: { named: dropIn, before: null, isLost: false, now: '[Service]\n' },
  })
  const change = sampleFileChange('/etc/php/8.2/fpm/pool.d/zz.conf')
  if (change.of !== 'file') throw new Error(change.of)
  const removed = sampleAppliedChange({
    change: { ...change, after: null, before: change.before && { ...change.before, mode: '0640' } },
    file: { named: change.path, before: '[zz]\n', isLost: false, now: null },
  })
  const mode = (octal: string) => ({ mode: octal, owner: 'root', group: 'root' })
  const folder = { of: 'directory', path: '/run/php', before: mode('0700'), after: mode('0711') } as const
  const enabled = { of: 'unit-setting', service, setting: 'enabled', before: false, after: true } as const
  const besides = [folder, enabled].map((each) => sampleAppliedChange({ change: each, file: null }))
  const changes = [made, removed, ...besides]
  const planned = samplePlanApplied({
    changes: changes.map((each) => each.change),
    checks: [{ when: 'planned', check: 'unit-file', service }],
    acts: [{ act: 'daemon-reload' }],
  })
  expect(drafted({ changes, plan: planned, made: [`/etc/systemd/system/${service}.service.d`] })).toMatchObject({
    edits: [
      { edit: 'replace', path: dropIn, before: '[Service]\n', after: null },
      { edit: 'create', path: change.path, text: '[zz]\n', mode: 0o640 },
    ],
    besides: [
      { ...folder, before: folder.after, after: folder.before },
      { ...enabled, before: true, after: false },
    ],
    checks: [{ check: 'unit-file' }],
    acts: [{ act: 'daemon-reload' }],
    basis: [{ of: 'unit', service }],
    warnings: expect.arrayContaining([containing('stays, empty')]) as string[],
  })
})

test('a restart is a restart again, and says what it cuts off', () => {
  expect(drafted({ plan: plan([{ act: 'restart', service }]) })).toMatchObject({
    acts: [{ act: 'restart', service }],
    disturbs: [containing('in flight'), containing('502')],
  })
})

test('what was started with its files is reloaded with those from before, and runs on', () => {
  expect(drafted({ plan: plan([{ act: 'start', service }]) })).toMatchObject({
    acts: [{ act: 'reload-fpm', service }],
    warnings: expect.arrayContaining([containing('a start is not undone')]) as string[],
  })
})

const nginxChecks = (...whens: readonly ('planned' | 'live')[]) =>
  whens.map((when) => ({ when, check: 'nginx-config', service: 'nginx' }) as const)

test('nginx is reloaded with its files from before, on the master that the plan was made for', () => {
  const site = sampleFileChange('/etc/nginx/sites-available/shop')
  const applied = samplePlanApplied({
    changes: [site],
    checks: nginxChecks('planned', 'live'),
    acts: [{ act: 'reload-nginx', service: 'nginx' }],
  })
  expect(drafted({ plan: applied })).toMatchObject({
    checks: nginxChecks('planned', 'live'),
    acts: [{ act: 'reload-nginx', service: 'nginx' }],
    disturbs: [],
    basis: [{ of: 'master', service: 'nginx', pid: 50 }],
  })
})

test('nginx that was reloaded in passing, to give up connections, had nothing changed and is not told', () => {
  const { checks, changes, acts } = samplePlanApplied({ changes: [sampleFileChange()] })
  const passing = samplePlanApplied({ checks: [...checks, ...nginxChecks('planned')], changes, acts })
  expect(drafted({ plan: passing }).acts.map(({ act }) => act)).toEqual(['reload-fpm'])
})

test('files that nothing had loaded are checked, and nobody is told', () => {
  expect(drafted({ plan: plan([]) })).toMatchObject({ acts: [], checks: [{ when: 'planned' }, { when: 'live' }] })
})

const failed = { activeState: 'failed', result: 'exit-code', execMainStatus: 78, execMainCode: 1 }

test('what has died since is started with the files from before, where it was up then', () => {
  const fpm = [sampleDownFpm(failed)]
  expect(drafted({}, { fpm }).acts.map(({ act }) => act)).toEqual(['reset-failed', 'start'])
  const { before } = sampleApplied()
  const wasDown = before && { ...before, services: [{ service, wasUp: false }] }
  expect(drafted({ before: wasDown }, { fpm })).toMatchObject({
    acts: [],
    warnings: expect.arrayContaining([containing('is down, and is left so')]) as string[],
  })
})

test('what somebody stopped since stays down, and its files are put back', () => {
  const journal = { ok: true, value: [sampleJournalEntry({ message: `Stopping ${service}.service` })] } as const
  const unit = { activeState: 'inactive', result: 'success', execMainExitedMs: sampleNowMs - 60_000 }
  const stopped = drafted({}, { fpm: [sampleDownFpm({ ...unit, execMainStatus: 0 }, { journal })] })
  expect(stopped).toMatchObject({ edits: [{ edit: 'replace' }], acts: [] })
  expect(stopped.warnings).toEqual(expect.arrayContaining([containing('so that it stays down')]))
})

const shop = (passed: boolean, more: Partial<SiteProbe> = {}): SiteProbe => ({
  ...{ site: 'shop.example', over: 'http', passed, says: passed ? '200' : 'GET / → 502 in 1 ms', tookMs: 1 },
  ...more,
})

test('what failed before it may fail again, which whoever approves it is told', () => {
  const subject = { kind: 'site', name: 'shop.example' } as const
  const other = 'unix:/run/php/other.sock'
  const made = drafted(
    {
      before: {
        probes: [shop(false)],
        clears: [
          { diagnosis: 'upstream-mismatch', subject, role: 'cause' },
          { diagnosis: 'socket-missing', subject, role: null },
        ],
        services: [],
        traffic: { requests: 40, serverErrors: 12 },
      },
    },
    { sites: [sampleSite({ probes: [shop(true), shop(true, { over: 'fastcgi', upstream: other })] })] },
  )
  expect(made.mayReturn).toEqual({
    findings: [{ diagnosis: 'upstream-mismatch', subject }],
    probes: [
      { site: 'shop.example', over: 'http', before: 'failed' },
      { site: 'shop.example', over: 'fastcgi', upstream: other, before: 'not-asked' },
    ],
    visitorsFailed: true,
  })
  expect(made.warnings[0]).toContain(
    'may return: upstream-mismatch on shop.example; shop.example: GET / → 502 in 1 ms; 12 of 40 requests got 5xx.',
  )
})

test('where nothing failed before it, nothing may fail after it', () => {
  expect(drafted().mayReturn).toMatchObject({ findings: [], visitorsFailed: false })
  expect(drafted().warnings[0]).toContain('nothing should fail')
})

const later = { apply: 'a-20261121-023000-1111', run: 'r-20261121-022900-2222', remediations: ['align-timeouts'] }
const conf = sampleFileChange()
test.each<{
  readonly what: string
  readonly applied: Partial<AppliedFacts>
  readonly because: string
  readonly toDo?: string
}>([
  { what: 'it is not over', applied: { outcome: null }, because: 'is not over yet' },
  { what: 'it was refused', applied: { outcome: 'refused' }, because: 'changed nothing' },
  { what: 'it is rolled back', applied: { outcome: 'rolled-back' }, because: 'is rolled back already' },
  { what: 'it changed no file', applied: { changes: [] }, because: 'cannot be undone' },
  {
    what: 'somebody edited a file since',
    applied: {
      changes: [sampleAppliedChange({ now: 'neither', says: `${samplePoolFile} was edited since, at noon.` })],
    },
    because: `${samplePoolFile} was edited since, at noon. Putting the old state back would lose that.`,
    toDo: 'by hand',
  },
  {
    what: 'a later apply changed a file',
    applied: { changes: [sampleAppliedChange({ now: 'neither', says: 'It was changed again.', changedBy: later })] },
    because: 'It was changed again.',
    toDo: `Undo ${later.apply} first: \`fleetmend-agent plan undo-apply --input apply=${later.apply}\`, or on all hosts of its run \`fleetmend runs rollback ${later.run}\`.`,
  },
  {
    what: 'the bytes from before are gone',
    applied: {
      changes: [sampleAppliedChange({ file: { named: samplePoolFile, before: null, isLost: true, now: '' } })],
    },
    because: `the bytes from before of ${samplePoolFile} are not kept any more`,
  },
  {
    what: 'what it removed was not of root',
    applied: {
      changes: [
        sampleAppliedChange({
          change: {
            ...conf,
            after: null,
            before: { hmac: '', bytes: 1, mode: '0644', owner: 'deploy', group: 'root' },
          } as typeof conf,
        }),
      ],
    },
    because: 'belonged to others than root',
    toDo: `fleetmend-agent rollback ${sampleApply}`,
  },
  {
    what: 'a service refuses the files from before',
    applied: { refusals: [{ service, says: 'FPM refuses php-fpm.conf (exit code 78).' }] },
    because: 'with the files from before, FPM refuses php-fpm.conf (exit code 78).',
  },
])('refused where $what, and why', ({ applied, because, toDo }) => {
  expect(draft(applied)).toMatchObject({ kind: 'refused', because: containing(because), toDo: containing(toDo ?? '') })
})

test('what is as before already is left alone, and where that is all, there is nothing to do', () => {
  const back = sampleAppliedChange({ now: 'before', changedBy: { ...later, remediations: ['undo-apply'] } })
  expect(draft({ changes: [back] })).toMatchObject({
    kind: 'nothing-to-do',
    because: containing(`${later.apply} (undo-apply) has put it back`),
  })
  expect(drafted({ changes: [back, sampleAppliedChange()] })).toMatchObject({
    edits: [{ edit: 'replace', path: samplePoolFile }],
    warnings: expect.arrayContaining([containing('As it was already')]) as string[],
  })
})

test('what is not known here is refused with where to look', () => {
  const unknown = { known: false, says: 'This host has no apply a-1.', toDo: 'See `fleetmend-agent history`.' } as const
  expect(undoApply.draft(sampleFacts({ undo: unknown }), { apply: sampleApply })).toEqual({
    kind: 'refused',
    because: unknown.says,
    toDo: unknown.toDo,
  })
})

test.each([{}, { apply: sampleApply, run: 'r-20261121-031455-41bd' }])(
  'it takes one of an apply and a run: %j',
  (given) => {
    expect(readInput(undoApply, given)).toMatchObject({ ok: false, says: containing('either an apply or a run') })
  },
)
