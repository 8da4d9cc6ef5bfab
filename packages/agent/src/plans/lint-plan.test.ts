import { randomBytes } from 'node:crypto'
import type { Plan } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { samplePlan, type SamplePlan } from '../state/sample-plan.ts'
import { lintPlan } from './lint-plan.ts'

const pool = '/etc/php/8.2/fpm/pool.d/www.conf'
const dropIn = '/etc/systemd/system/php8.2-fpm.service.d/50-fleetmend.conf'
const service = 'php8.2-fpm'
const key = randomBytes(32)
const reload = { act: 'reload-fpm', service, deadlineMs: 30_000 } as const
const check = { when: 'planned', check: 'fpm-config', service } as const
const good: SamplePlan = {
  files: [{ path: pool, before: 'a', after: 'b' }],
  checks: [check],
  acts: [reload],
  disturbs: ['new requests wait'],
}
const planOf = (parts: SamplePlan): Plan => samplePlan(key, { ...good, ...parts }).record.plan
const lint = (parts: SamplePlan, named = [pool]) => lintPlan(planOf(parts), named)

test('a plan that is in order breaks no rule', () => {
  expect(lint({})).toEqual([])
})

test.each<{ name: string; broken: readonly string[]; why: string }>([
  { name: 'a file elsewhere', broken: lint({}, ['/etc/passwd']), why: 'outside the allowed roots' },
  { name: 'a way out of an allowed root', broken: lint({}, ['/etc/php/../shadow']), why: 'outside the allowed roots' },
  { name: 'a reload without a check', broken: lint({ checks: [] }), why: 'without a check' },
  {
    name: 'a reload whose check runs after writing only',
    broken: lint({ checks: [{ ...check, when: 'live' }] }),
    why: 'without a check',
  },
  {
    name: 'a start and a reload of one service',
    broken: lint({ acts: [{ act: 'start', service }, reload] }),
    why: 'on one service twice',
  },
  {
    name: 'a unit file systemd is not told of',
    broken: lint({ files: [{ path: dropIn, before: null, after: 'x' }] }, [dropIn]),
    why: 'without telling systemd',
  },
  {
    name: 'a reload of nginx in passing that rests on nothing',
    broken: lint({ acts: [{ ...reload, reloadsNginx: true }] }),
    why: 'reloads nginx in passing',
  },
  { name: 'a reload that disturbs nobody', broken: lint({ disturbs: [] }), why: 'would not say what that disturbs' },
  { name: 'nothing at all', broken: lint({ files: [], acts: [] }), why: 'it does nothing' },
  {
    name: 'a file that may change before the apply',
    broken: lint({ basis: { exact: [], guards: [] } }),
    why: 'not part of what must stay as it was',
  },
  {
    name: 'one thing twice',
    broken: lint({
      files: [
        { path: pool, before: 'a', after: 'b' },
        { path: pool, before: 'b', after: 'c' },
      ],
    }),
    why: 'one thing twice',
  },
])('$name is never shown to anybody', ({ broken, why }) => {
  expect(broken).toEqual([expect.stringContaining(why)])
})
