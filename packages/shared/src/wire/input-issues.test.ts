import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { describeIssues, issuesOf } from './input-issues.ts'

const Schema = z.strictObject({
  maxChildren: z.optional(z.int().check(z.positive(), z.maximum(500))),
  pool: z.string().check(z.regex(/^[a-z]+$/), z.minLength(2)),
  unit: z.enum(['ms', 's']),
  dry: z.boolean(),
  sites: z.array(z.strictObject({ name: z.string() })).check(z.maxLength(2)),
  either: z.union([z.string(), z.int()]),
  at: z.iso.datetime(),
  even: z.int().check(z.refine((n) => n % 2 === 0, 'must be even')),
})

const fine = { pool: 'www', unit: 'ms', dry: true, sites: [], either: 1, at: '2026-11-21T03:15:00Z', even: 2 }

test.each([
  { input: { ...fine, maxChildren: 'many' }, says: '`maxChildren` must be given as a number.' },
  { input: { ...fine, maxChildren: 1.5 }, says: '`maxChildren` must be given as a whole number.' },
  { input: { ...fine, maxChildren: 0 }, says: '`maxChildren` must be more than 0.' },
  { input: { ...fine, maxChildren: 501 }, says: '`maxChildren` must be at most 500.' },
  { input: { ...fine, pool: '../etc' }, says: '`pool` does not have the right form.' },
  { input: { ...fine, pool: 'w' }, says: '`pool` must have at least 2 characters.' },
  { input: { ...fine, unit: 'h' }, says: '`unit` must be "ms" or "s".' },
  { input: { ...fine, dry: 'yes' }, says: '`dry` must be given as true or false.' },
  { input: { ...fine, sites: [{ name: 'a' }, {}] }, says: '`sites.1.name` must be given as a string.' },
  { input: { ...fine, sites: {} }, says: '`sites` must be given as an array.' },
  {
    input: { ...fine, sites: [{ name: 'a' }, { name: 'b' }, { name: 'c' }] },
    says: '`sites` must have at most 2 entries.',
  },
  { input: { ...fine, either: null }, says: '`either` is none of the kinds that are allowed here.' },
  { input: { ...fine, at: 'now' }, says: '`at` does not have the right form (datetime).' },
  { input: { ...fine, even: 3 }, says: '`even` must be even.' },
  { input: { ...fine, path: '/etc' }, says: 'The input has no field "path".' },
  { input: 'text', says: 'The input must be given as an object.' },
])('$says', ({ input, says }) => {
  const parsed = z.safeParse(Schema, input)
  expect(describeIssues(parsed.error?.issues ?? [])).toBe(says)
})

test('several issues are a line each', () => {
  const parsed = z.safeParse(Schema, { ...fine, unit: 'h', dry: 1 })
  expect(describeIssues(parsed.error?.issues ?? []).split('\n')).toHaveLength(2)
})

test('only errors with readable issues have issues', () => {
  const error = z.safeParse(Schema, {}).error
  expect(issuesOf(error)).toBe(error?.issues)
  expect(issuesOf(new Error('broke'))).toBeNull()
  expect(issuesOf(Object.assign(new Error('broke'), { issues: ['text'] }))).toBeNull()
  expect(issuesOf({ issues: [] })).toBeNull()
})
