import { digestOf, type ApplyReport, type Asked, type Plan, type PlanRecord, type ProblemCode } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { atMs, planOf, reportOf } from '../../test/sample-run.ts'
import { readPlanAnswer, readProblem, readReport } from './answers.ts'

const record = planOf('a')

function answer(change: Partial<PlanRecord> = {}) {
  return { kind: 'planned', record: { ...record, ...change } }
}

/** Another plan, and the digest of that. */
function planned(change: Partial<Plan>) {
  const plan = { ...record.plan, ...change }
  return answer({ plan, digest: digestOf(plan) })
}

function read(said: unknown, asked: Asked = { want: 'for-findings' }) {
  return readPlanAnswer(said, { host: 'a', asked, nowMs: atMs })
}

const [tunePool] = record.plan.remediations
const startStopped = { ...tunePool!, input: { ...tunePool!.input, startStopped: true } }

const lies: readonly {
  readonly name: string
  readonly said: unknown
  readonly asked?: Asked
  readonly code: ProblemCode
  readonly says: string
}[] = [
  {
    name: 'a plan of another host',
    said: { kind: 'planned', record: planOf('b') },
    code: 'answer-not-believed',
    says: 'a plan of another host, "b"',
  },
  {
    name: 'a plan with another digest',
    said: answer({ digest: `sha256:${'0'.repeat(64)}` }),
    code: 'answer-not-believed',
    says: 'a plan and the digest of another one',
  },
  {
    name: 'a plan for another input',
    said: answer(),
    asked: { want: [{ id: 'tune-pool', input: { pool: 'php8.2-fpm/shop' } }] },
    code: 'answer-not-believed',
    says: 'a plan to "tune-pool" with an input that nobody asked for',
  },
  {
    name: 'a plan for another remediation',
    said: answer(),
    asked: { want: [{ id: 'reload-fpm', input: { service: 'php8.2-fpm' } }] },
    code: 'answer-not-believed',
    says: 'nobody asked for',
  },
  {
    name: 'a plan to start what a person stopped',
    said: planned({ remediations: [startStopped] }),
    code: 'answer-not-believed',
    says: 'to start what a person stopped',
  },
  {
    name: 'a plan that is not watched',
    said: answer(),
    asked: { want: 'for-findings', watchMs: 60_000 },
    code: 'answer-not-believed',
    says: 'watched for 0 ms instead of 60000',
  },
  {
    name: 'a plan that is over at once, with which the run of all would be over',
    said: planned({ expiresAt: new Date(atMs + 60_000).toISOString() }),
    code: 'plan-expired',
    says: 'leaves no time to approve it',
  },
  {
    name: 'that more people must approve than any host can ask for',
    said: answer({ approvalsNeeded: 1_000_000 }),
    code: 'malformed-frame',
    says: 'makes no sense here',
  },
  {
    name: 'a plan that has no canonical form',
    said: answer({ plan: { ...record.plan, warnings: ['\ud800'] } }),
    code: 'malformed-frame',
    says: 'makes no sense here',
  },
  { name: 'nothing at all', said: undefined, code: 'malformed-frame', says: 'makes no sense here' },
  {
    name: 'that it cannot be reached, in a way that there is not',
    said: { kind: 'not-reached', how: 'maybe', says: '' },
    code: 'malformed-frame',
    says: 'makes no sense here',
  },
]

test.each(lies)('$name is no plan', ({ said, asked, code, says }) => {
  expect(read(said, asked)).toMatchObject({ ok: false, problem: { code, detail: expect.stringContaining(says) } })
})

const inPool = { id: 'tune-pool', input: { pool: 'php8.2-fpm/www' } }

test.each<{ name: string; said: unknown; asked: Asked }>([
  { name: 'for what was asked', said: answer(), asked: { want: [inPool], watchMs: 0 } },
  { name: 'with an input that was left out', said: answer(), asked: { want: [{ id: 'tune-pool', input: {} }] } },
  { name: 'for what was found', said: answer(), asked: { want: 'for-findings' } },
  {
    name: 'to start what a person stopped, where all may be',
    said: planned({ remediations: [startStopped] }),
    asked: { want: [{ ...inPool, input: { ...inPool.input, startStopped: false } }], startStopped: true },
  },
  {
    name: 'to start what a person stopped, where it was asked for',
    said: planned({ remediations: [startStopped] }),
    asked: { want: [{ ...inPool, input: { ...inPool.input, startStopped: true } }] },
  },
])('a plan $name is taken', ({ said, asked }) => {
  expect(read(said, asked)).toEqual({ ok: true, value: said })
})

test('text that cannot be hashed can be, once it was read', () => {
  const because = 'half \ud800 a character'
  expect(read({ kind: 'refused', because, toDo: '' })).toMatchObject({ value: { because: 'half \ufffd a character' } })
  const told = { code: 'internal', title: 'x', detail: because }
  expect(readProblem(told)).toMatchObject({ ok: true, value: { detail: 'half \ufffd a character' } })
  expect(readProblem({ ...told, code: 'made-up' })).toMatchObject({ problem: { code: 'malformed-frame' } })
})

const run = 'r-20261121-031455-41bd'
const fixed = reportOf(record, 'fixed')
const authority = (change: Partial<ApplyReport['authority']>): ApplyReport => ({
  ...fixed,
  authority: { ...fixed.authority, ...change },
})

function readOf(report: unknown) {
  const shown = { kind: 'approval' } as NonNullable<Parameters<typeof readReport>[1]['authority']>
  return readReport(report, { host: 'a', plan: record.digest, run, authority: shown })
}

test.each([
  { name: 'of another host', report: { ...fixed, host: 'b' }, says: 'a report of another host, "b"' },
  { name: 'about another plan', report: { ...fixed, plan: digestOf('x') }, says: 'a report about another plan' },
  {
    name: 'of a grant that nobody gave',
    report: authority({ kind: 'grant' }),
    says: 'by a grant that it was never shown',
  },
  { name: 'of broken glass', report: authority({ kind: 'break-glass' }), says: 'by a broken glass that it was never' },
  {
    name: 'of the approval of another run',
    report: authority({ run: 'r-20261121-031455-ffff' }),
    says: 'by an approval that it was never shown',
  },
])('a report $name is not believed', ({ report, says }) => {
  expect(readOf(report)).toMatchObject({
    ok: false,
    problem: { code: 'answer-not-believed', detail: expect.stringContaining(says) },
  })
})

test.each([
  { name: 'of the approval of this run', report: authority({ run }) },
  { name: 'of an agent that does not name the run', report: fixed },
  { name: 'of root, who was there first', report: authority({ kind: 'local-root', by: ['root'] }) },
  { name: 'of a refusal, whatever was shown', report: { ...authority({ kind: 'grant' }), outcome: 'refused' } },
])('a report $name is taken', ({ report }) => {
  expect(readOf(report)).toEqual({ ok: true, value: report })
})

test('what is no report makes no sense', () => {
  expect(readOf({ ...fixed, outcome: 'splendid' })).toMatchObject({ ok: false, problem: { code: 'malformed-frame' } })
})
