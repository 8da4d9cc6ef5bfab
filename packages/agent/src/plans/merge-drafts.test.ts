import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Draft, FileEdit } from '../remediations/define.ts'
import { mergeDrafts } from './merge-drafts.ts'

const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
const dropIn = '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf'
const service = 'php8.2-fpm'

function draft(parts: Partial<Draft>): Draft {
  const empty = { arithmetic: [], edits: [], checks: [], acts: [], clears: [], disturbs: [], warnings: [] }
  return { kind: 'draft', because: '', ...empty, basis: [], guards: [], forecast: [], ...parts }
}
const edits = (...each: readonly FileEdit[]) => draft({ edits: each })
const replace = (start: number, end: number, text: string): FileEdit => ({
  edit: 'splice',
  path: pool,
  splices: [{ start, end, text }],
})
const merge = (drafts: readonly Draft[], original: string | null = 'a = 1\nb = 2\n') =>
  mergeDrafts(drafts, (path) => (path === pool ? original : null))

test('two remediations that edit one file make one change of it', () => {
  const merged = merge([edits(replace(4, 5, '9')), edits(replace(10, 11, '8'))])
  expect(merged).toMatchObject({ ok: true, value: { files: [{ path: pool, after: 'a = 9\nb = 8\n' }] } })
})

test.each([
  { name: 'different texts in one place', drafts: [edits(replace(4, 5, '9')), edits(replace(4, 5, '8'))] },
  {
    name: 'different new files of one name',
    drafts: ['x', 'y'].map((text) => edits({ edit: 'create', path: dropIn, text, mode: 0o644 })),
  },
  {
    name: 'creating what is there',
    drafts: [edits({ edit: 'create', path: pool, text: 'x', mode: 0o644 })],
  },
])('$name: refused, with the file named', ({ drafts }) => {
  const merged = merge(drafts)
  expect(merged.ok ? '' : merged.says).toMatch(/two remediations (disagree about|edit the same line of) \/etc/)
})

test('a file that nobody read is not edited', () => {
  expect(merge([edits(replace(0, 0, 'x'))], null)).toMatchObject({
    ok: false,
    says: `${pool} is to be edited but was not read`,
  })
})

test('an edit that changes nothing is no change', () => {
  expect(merge([edits(replace(4, 5, '1'))])).toMatchObject({ ok: true, value: { files: [] } })
})

test('a service is told once: systemd first, a start instead of a reload, the longest deadline', () => {
  const merged = merge([
    draft({ acts: [{ act: 'reload-fpm', service, deadlineMs: 30_000 }] }),
    draft({ acts: [{ act: 'start', service }, { act: 'reset-failed', service }, { act: 'daemon-reload' }] }),
    draft({ acts: [{ act: 'daemon-reload' }, { act: 'reload-fpm', service: 'php7.4-fpm', deadlineMs: 20_000 }] }),
    draft({ acts: [{ act: 'reload-fpm', service: 'php7.4-fpm', deadlineMs: 50_000 }] }),
  ])
  expect(merged.ok && merged.value.acts).toEqual([
    { act: 'daemon-reload' },
    { act: 'reset-failed', service },
    { act: 'start', service },
    { act: 'reload-fpm', service: 'php7.4-fpm', deadlineMs: 50_000 },
  ])
})

test('checks on planned files come before those on written ones, each once', () => {
  const check = { check: 'fpm-config', service } as const
  const merged = merge([
    draft({ checks: [{ when: 'live', ...check }] }),
    draft({
      checks: [
        { when: 'planned', ...check },
        { when: 'live', ...check },
      ],
    }),
  ])
  expect(merged.ok && merged.value.checks.map(({ when }) => when)).toEqual(['planned', 'live'])
})

test('the order in which remediations are named does not change what the host would do', () => {
  const drafts = [
    edits(replace(4, 5, '9')),
    edits(replace(10, 11, '8')),
    draft({ acts: [{ act: 'start', service }] }),
    draft({ acts: [{ act: 'daemon-reload' }] }),
    draft({ acts: [{ act: 'reload-fpm', service, deadlineMs: 30_000 }] }),
  ]
  const done = (each: readonly Draft[]) => {
    const merged = merge(each)
    return merged.ok && { files: merged.value.files, acts: merged.value.acts }
  }
  fc.assert(
    fc.property(fc.shuffledSubarray(drafts, { minLength: drafts.length }), (shuffled) => {
      expect(done(shuffled)).toEqual(done(drafts))
    }),
  )
})

test('what a reload would disturb is not said of a plan whose restart makes it needless', () => {
  const reload = draft({ acts: [{ act: 'reload-fpm', service, deadlineMs: 20_000 }], disturbs: ['they wait'] })
  const restart = draft({ acts: [{ act: 'restart', service, finishMs: 1000 }], disturbs: ['they are lost'] })
  const longer = draft({ acts: [{ act: 'restart', service, finishMs: 5000 }], disturbs: ['later'] })
  expect(merge([reload, restart, longer])).toMatchObject({
    ok: true,
    value: { acts: [{ act: 'restart', service, finishMs: 5000 }], disturbs: ['later'] },
  })
})

test('what is taken back is planned alone', () => {
  const undo = draft({ mayReturn: { findings: [], probes: [], visitorsFailed: true } })
  expect(merge([undo])).toMatchObject({ ok: true, value: { mayReturn: { visitorsFailed: true } } })
  expect(merge([undo, draft({})])).toMatchObject({ ok: false })
})
