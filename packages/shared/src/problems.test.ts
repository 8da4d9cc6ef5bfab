import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { Problem } from './model/problem.ts'
import { exitCodes, problem, problemKinds, worstExit, type ExitCode, type ProblemCode } from './problems.ts'

const codes = Object.keys(problemKinds) as ProblemCode[]

test.each(codes)('%s is a code for ever: kebab-case, with a short title that names nobody', (code) => {
  expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/)
  const { title, exit } = problemKinds[code]
  expect(title).toMatch(/^[A-Z][^.!?`]{3,60}$/)
  expect(Object.values(exitCodes)).toContain(exit)
})

test('no two problems have the same title', () => {
  const titles = codes.map((code) => problemKinds[code].title)
  expect(new Set(titles).size).toBe(titles.length)
})

test('a problem gets its title from its code and crosses the wire as it is', () => {
  const stale = problem('plan-is-stale', 'www.conf was edited at 03:11.')
  expect(stale.title).toBe('The host changed since this was planned')
  expect(z.parse(Problem, JSON.parse(JSON.stringify(stale)))).toEqual(stale)
})

test.each([
  { code: 'no-such-code', title: '', detail: '' },
  { code: 'internal', title: 'x' },
  { code: 'internal', title: 'x', detail: 'y', stack: 'z' },
])('%o is no problem', (value) => {
  expect(z.safeParse(Problem, value).success).toBe(false)
})

test.each<{ codes: ExitCode[]; exit: ExitCode }>([
  { codes: [], exit: 0 },
  { codes: [0, 0], exit: 0 },
  { codes: [0, 2], exit: 2 },
  { codes: [2, 5], exit: 5 },
  { codes: [5, 6], exit: 6 },
  { codes: [6, 4], exit: 4 },
  { codes: [4, 3], exit: 3 },
  { codes: [3, 1], exit: 1 },
  { codes: [1, 130], exit: 130 },
  { codes: [130, 64], exit: 64 },
])('of $codes a command exits with $exit', ({ codes, exit }) => {
  expect(worstExit(codes)).toBe(exit)
  expect(worstExit(codes.toReversed())).toBe(exit)
})

test('every exit code has its place in the order', () => {
  for (const code of Object.values(exitCodes)) expect(worstExit([code])).toBe(code)
})
