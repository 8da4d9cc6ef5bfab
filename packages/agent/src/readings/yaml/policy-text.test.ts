import { Policy } from '@fleetmend/shared'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { stringify } from 'yaml'
import { readPolicy } from './policy-text.ts'

const defaults: Policy = {
  remediations: 'all',
  approvals: { ordinary: 1, restarts: 2, requesterMayApprove: true, breakGlass: true, grants: true },
  plansLastMinutes: 60,
  changesPerHour: 6,
  coolDownMinutes: 5,
  maintenance: { timeZone: 'host', windows: [] },
  canaryPaths: {},
}

test.each([
  { what: 'an empty file', text: '' },
  { what: 'nothing but comments', text: '# nothing here\n\n# changesPerHour: 3\n' },
  { what: 'an empty document', text: '---\n' },
])('$what has the defaults', ({ text }) => {
  expect(readPolicy(text)).toEqual({ ok: true, value: defaults })
})

test('what is said counts, and for the rest the defaults', () => {
  const text = `
remediations: [reload-fpm, tune-pool]
approvals:
  restarts: 3
maintenance:
  windows:
    - days: [sat, sun]
      from: 22:00
      to: "04:30"
`
  expect(readPolicy(text)).toEqual({
    ok: true,
    value: {
      ...defaults,
      remediations: ['reload-fpm', 'tune-pool'],
      approvals: { ...defaults.approvals, restarts: 3 },
      maintenance: { timeZone: 'host', windows: [{ days: ['sat', 'sun'], from: '22:00', to: '04:30' }] },
    },
  })
})

describe('a policy that cannot be kept as it is written is not kept at all', () => {
  test.each([
    { text: '# mine\nchangesPerHour: 0\n', line: 2, says: '`changesPerHour` must be at least 1.' },
    { text: 'changesPerHour: many\n', line: 1, says: '`changesPerHour` must be given as a number.' },
    { text: 'coolDownMinutes: 1.5\n', line: 1, says: '`coolDownMinutes` must be given as a whole number.' },
    { text: 'coolDownMinutes:\n', line: 1, says: '`coolDownMinutes` must be given as a number.' },
    { text: 'changesPerHour: 3\n\nchangePerHour: 3\n', line: 3, says: 'The input has no field "changePerHour".' },
    { text: 'approvals:\n  restart: 2\n', line: 2, says: '`approvals` has no field "restart".' },
    { text: 'approvals:\n  ordinary: 0\n', line: 2, says: '`approvals.ordinary` must be at least 1.' },
    {
      text: 'remediations: everything\n',
      line: 1,
      says: '`remediations` must be the word all, or a list of ids of remediations.',
    },
    {
      text: 'remediations:\n  - reload-fpm\n  - Tune\n',
      line: 3,
      says: '`remediations.1` must be the id of a remediation.',
    },
    {
      text: 'maintenance:\n  windows:\n    - days: [mon]\n      from: 9:00\n      to: "10:00"\n',
      line: 4,
      says: '`maintenance.windows.0.from` must be a time of day such as "22:00".',
    },
    {
      text: 'maintenance:\n  windows:\n    - days: [mon]\n      from: "09:00"\n',
      line: 3,
      says: '`maintenance.windows.0.to` must be given as a string.',
    },
    {
      text: 'maintenance:\n  windows:\n    - days: [mon, Tuesday]\n      from: "09:00"\n      to: "10:00"\n',
      line: 3,
      says: '`maintenance.windows.0.days.1` must be "mon" or "tue" or "wed" or "thu" or "fri" or "sat" or "sun".',
    },
    { text: 'maintenance:\n  timeZone: CET\n', line: 2, says: '`maintenance.timeZone` must be "host" or "UTC".' },
    {
      text: 'canaryPaths:\n  shop.example: health.php\n',
      line: 2,
      says: '`canaryPaths.shop.example` must be a path such as /health.php.',
    },
    {
      text: 'canaryPaths:\n  shop.example: "/ HTTP/1.1"\n',
      line: 2,
      says: '`canaryPaths.shop.example` must be a path such as /health.php.',
    },
    { text: 'changesPerHour: 3\nchangesPerHour: 4\n', line: 2, says: 'the key changesPerHour stands there twice' },
    { text: 'all\n', line: 1, says: 'a policy is made of `key: value` lines.' },
    {
      text: 'changesPerHour: 3\n---\ncoolDownMinutes: 1\n',
      line: 3,
      says: 'a second document begins here, and a policy is one.',
    },
  ])('$says', ({ text, line, says }) => {
    expect(readPolicy(text)).toEqual({ ok: false, line, says })
  })

  test('nor one that is no YAML', () => {
    expect(readPolicy('changesPerHour: 3\napprovals: {ordinary: 1\n')).toMatchObject({ ok: false, line: 3 })
  })
})

test('whatever policy is written, it is read as it was meant', () => {
  const time = fc
    .tuple(fc.integer({ min: 0, max: 23 }), fc.integer({ min: 0, max: 59 }))
    .map((parts) => parts.map((part) => String(part).padStart(2, '0')).join(':'))
  const days = fc.uniqueArray(fc.constantFrom('mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'), { minLength: 1 })
  const policies = fc.record(
    {
      remediations: fc.oneof(fc.constant('all'), fc.array(fc.constantFrom('reload-fpm', 'tune-pool', 'restart-fpm'))),
      approvals: fc.record(
        { ordinary: fc.integer({ min: 1, max: 10 }), restarts: fc.integer({ min: 1, max: 10 }) },
        { requiredKeys: [] },
      ),
      changesPerHour: fc.integer({ min: 1, max: 1000 }),
      coolDownMinutes: fc.integer({ min: 0, max: 1440 }),
      maintenance: fc.record(
        {
          timeZone: fc.constantFrom('host', 'UTC'),
          windows: fc.array(fc.record({ days, from: time, to: time }), { maxLength: 5 }),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: [] },
  )
  fc.assert(
    fc.property(policies, fc.boolean(), (policy, asJson) => {
      const read = readPolicy(asJson ? JSON.stringify(policy) : stringify(policy))
      expect(read).toEqual({ ok: true, value: Policy.parse(policy) })
    }),
  )
})

test('whatever text comes in, it is answered with a policy or with a line of that text', () => {
  const lines = fc.constantFrom(
    'changesPerHour: 3',
    'approvals:',
    '  ordinary: 2',
    '- a',
    '&a *a',
    '{',
    'x: ]',
    '',
    '\t',
  )
  const texts = fc.oneof(
    fc.string(),
    fc.array(lines).map((each) => each.join('\n')),
  )
  fc.assert(
    fc.property(texts, (text) => {
      const read = readPolicy(text)
      const isAnswer = read.ok ? Policy.safeParse(read.value).success : read.line <= text.split('\n').length + 1
      expect(isAnswer).toBe(true)
    }),
  )
})
