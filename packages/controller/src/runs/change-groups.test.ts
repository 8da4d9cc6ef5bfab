import type { ChangeOf } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import { planOf } from '../../test/sample-run.ts'
import { changeGroupKey } from './change-groups.ts'

const one = planOf('web-1').plan
const other = planOf('web-2').plan
const [change] = one.changes as [ChangeOf<'file'>]

test('plans of two hosts never have the same digest, and are one change when they do the same', () => {
  expect(planOf('web-1').digest).not.toBe(planOf('web-2').digest)
  expect(changeGroupKey(other)).toBe(changeGroupKey(one))
})

describe('it stays one change', () => {
  test.each([
    {
      name: 'when the reasons and the arithmetic differ',
      plan: {
        ...other,
        remediations: other.remediations.map((each) => ({ ...each, because: 'Other.', arithmetic: [] })),
      },
    },
    {
      name: 'when the files differ elsewhere',
      plan: {
        ...other,
        changes: [{ ...change, before: { ...change.before!, hmac: `hmac-sha256:${'0'.repeat(64)}`, bytes: 9 } }],
      },
    },
    { name: 'when the plans end at different times', plan: { ...other, expiresAt: '2027-01-01T00:00:00.000Z' } },
  ])('$name', ({ plan }) => {
    expect(changeGroupKey(plan)).toBe(changeGroupKey(one))
  })
})

describe('it is another change', () => {
  test.each([
    { name: 'when a line of the diff differs', plan: { ...other, changes: [{ ...change, diff: '+; other\n' }] } },
    {
      name: 'when the same lines go into another file',
      plan: { ...other, changes: [{ ...change, path: '/etc/php/8.2/fpm/pool.d/shop.conf' }] },
    },
    {
      name: 'when others may read the file afterwards',
      plan: { ...other, changes: [{ ...change, after: { ...change.after!, mode: '0666' } }] },
    },
    {
      name: 'when the file belongs to somebody else afterwards',
      plan: { ...other, changes: [{ ...change, after: { ...change.after!, owner: 'www-data' } }] },
    },
    { name: 'when the file is new', plan: { ...other, changes: [{ ...change, before: null }] } },
    {
      name: 'when another service is set in motion',
      plan: { ...other, acts: [{ act: 'start', service: 'php8.2-fpm' } as const] },
    },
    {
      name: 'when the same act may take longer',
      plan: { ...other, acts: [{ act: 'reload-fpm', service: 'php8.2-fpm', deadlineMs: 1 } as const] },
    },
    {
      name: 'when it was asked for with another input',
      plan: { ...other, remediations: [{ ...other.remediations[0]!, input: { pool: 'php8.2-fpm/shop' } }] },
    },
    {
      name: 'when a unit is enabled, too',
      plan: {
        ...other,
        changes: [
          change,
          { of: 'unit-setting', service: 'php8.2-fpm', setting: 'enabled', before: false, after: true } as const,
        ],
      },
    },
    { name: 'when it is watched for longer', plan: { ...other, watchMs: 1 } },
  ])('$name', ({ plan }) => {
    expect(changeGroupKey(plan)).not.toBe(changeGroupKey(one))
  })
})
