import { manifestDigest, problem, type Run } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import {
  applied,
  applying,
  applyStarted,
  approvalAsked,
  approvalBy,
  approvedBy,
  at,
  planInRun,
  planned,
  planOf,
  play,
  reportOf,
  startedWith,
  statesOf,
} from '../../test/sample-run.ts'
import type { RunEvent } from './run-event.ts'
import { begin, maxAttempts, transition } from './transition.ts'

const lost = (host: string): RunEvent => ({ type: 'host-lost', at, host, says: 'The connection broke.' })
const neverHeard = (host: string): RunEvent => ({ type: 'host-answered', at, host, report: null })
const answered =
  (host: string, outcome: Parameters<typeof applied>[1]) =>
  (run: Run): RunEvent => ({ type: 'host-answered', at, host, report: reportOf(planInRun(run, host), outcome) })
const refusedBecause = (host: string, code: Parameters<typeof problem>[0]): RunEvent => ({
  type: 'host-refused-to-apply',
  at,
  host,
  problem: problem(code, 'So.'),
})

describe('planning', () => {
  test('every host is asked once for its plan, however often it was named', () => {
    const { run, commands } = begin(startedWith(['web-2', 'web-1', 'web-2']))
    expect(run.hosts.map(({ id }) => id)).toEqual(['web-1', 'web-2'])
    expect(commands).toEqual([
      { do: 'plan-host', host: 'web-1' },
      { do: 'plan-host', host: 'web-2' },
    ])
  })

  test('the manifest is asked for when the last host has answered, whatever it answered', () => {
    const { run } = begin(startedWith(['web-1', 'web-2', 'web-3', 'web-4']))
    const first = play(run, [
      planned('web-1'),
      { type: 'host-refused-to-plan', at, host: 'web-2', because: 'No memory.', toDo: 'Add some.' },
      { type: 'host-not-reached', at, host: 'web-3', how: 'unreachable', says: 'Not connected.' },
    ])
    expect(first.commands).toEqual([])
    const last = play(first.run, [{ type: 'host-has-nothing-to-do', at, host: 'web-4', because: 'Healthy.' }])
    expect(last.commands).toEqual([{ do: 'ask-approval' }])
    expect(play(last.run, [approvalAsked]).run.state).toBe('awaiting-approval')
    expect(statesOf(last.run)).toEqual({
      'web-1': 'planned',
      'web-2': 'plan-refused',
      'web-3': 'unreachable',
      'web-4': 'nothing-to-do',
    })
  })

  test('a run in which no host has anything to do is over, and says so', () => {
    const { run } = play(begin(startedWith(['web-1'])).run, [
      { type: 'host-has-nothing-to-do', at, host: 'web-1', because: 'Healthy.' },
    ])
    expect(run).toMatchObject({ state: 'nothing-to-do', endedAt: at })
  })

  test('a run in which no host could make a plan is not called nothing to do', () => {
    const { run } = play(begin(startedWith(['web-1', 'web-2'])).run, [
      { type: 'host-has-nothing-to-do', at, host: 'web-1', because: 'Healthy.' },
      { type: 'host-not-reached', at, host: 'web-2', how: 'timed-out', says: 'No answer.' },
    ])
    expect(run).toMatchObject({ state: 'halted', stopping: { says: 'No host could make a plan.' } })
  })

  test('a second plan of the same host is not taken', () => {
    const { run } = play(begin(startedWith(['web-1', 'web-2'])).run, [planned('web-1')])
    expect(transition(run, planned('web-1', 'lower'))).toMatchObject({ ok: false })
  })
})

describe('approval', () => {
  const awaiting = play(begin(startedWith(['web-1'])).run, [planned('web-1'), approvalAsked]).run

  test('nothing begins before it, and beginning takes a word of its own', () => {
    expect(transition(awaiting, applyStarted)).toMatchObject({
      ok: false,
      problem: { code: 'run-not-ready', detail: expect.stringContaining('0 of 1 needed approvals') },
    })
    const approved = play(awaiting, [approvedBy('ben')])
    expect(approved).toMatchObject({ run: { state: 'approved' }, commands: [] })
    expect(play(approved.run, [applyStarted]).commands).toEqual([
      { do: 'apply-host', host: 'web-1', plan: planOf('web-1').digest },
    ])
  })

  test('of another manifest is refused, with both digests', () => {
    const digest = manifestDigest({ ...awaiting.manifest!, reason: 'something else' })
    expect(transition(awaiting, { type: 'approved', at, digest, approval: approvalBy('ben') })).toMatchObject({
      ok: false,
      problem: { code: 'wrong-digest', detail: expect.stringContaining(digest) },
    })
  })

  test('takes as many people as the strictest of its hosts asks for, and never fewer than the run', () => {
    const asking = (host: string, approvalsNeeded: number) =>
      ({ type: 'host-planned', at, host, record: { ...planOf(host), approvalsNeeded } }) as const
    const hosts = ['web-1', 'web-2', 'web-3']
    const run = play(begin(startedWith(hosts)).run, [asking('web-1', 1), asking('web-2', 2), planned('web-3')]).run
    expect(run.limits.approvalsNeeded).toBe(2)
    const three = { ...run.limits, approvalsNeeded: 3 }
    const strict = play(begin(startedWith(['web-1'], { limits: three })).run, [asking('web-1', 2)]).run
    expect(strict.limits.approvalsNeeded).toBe(3)
  })

  test('of one person counts once, under any name or key', () => {
    const two = { ...awaiting, limits: { ...awaiting.limits, approvalsNeeded: 2 } }
    const one = play(two, [approvedBy('ben')]).run
    expect(one.state).toBe('awaiting-approval')
    expect(transition(one, approvedBy('ben')(one))).toMatchObject({
      ok: false,
      problem: { detail: expect.stringContaining('ben approved it already') },
    })
    const sameKey = { ...approvalBy('benjamin'), fingerprint: approvalBy('ben').fingerprint }
    expect(
      transition(one, { type: 'approved', at, digest: manifestDigest(one.manifest!), approval: sameKey }),
    ).toMatchObject({ ok: false })
    expect(play(one, [approvedBy('cho')]).run.state).toBe('approved')
  })

  test.each([
    { name: 'denied', event: { type: 'denied', at, by: 'ben', reason: 'not at noon' }, state: 'denied' },
    { name: 'aborted', event: { type: 'aborted', at, by: 'ana', reason: 'wrong hosts' }, state: 'aborted' },
    { name: 'left too long', event: { type: 'expired', at }, state: 'expired' },
  ] satisfies { name: string; event: RunEvent; state: string }[])(
    'a run that is $name touches no host',
    ({ event, state }) => {
      const { run, commands } = play(awaiting, [event])
      expect(run).toMatchObject({ state, endedAt: at })
      expect(statesOf(run)).toEqual({ 'web-1': 'skipped' })
      expect(commands).toEqual([])
    },
  )
})

describe('waves', () => {
  const three = { changes: { 'web-1': 'raise', 'web-2': 'raise', 'web-3': 'raise' } } as const

  test('the canary goes first, and the rest follows at once when it is fixed', () => {
    const { run, commands } = applying(three)
    expect(commands.filter((command) => command.do === 'apply-host').map((command) => command.host)).toEqual(['web-1'])
    const rest = play(run, [applied('web-1', 'fixed')])
    expect(rest.commands.map((command) => 'host' in command && command.host)).toEqual(['web-2', 'web-3'])
    expect(play(rest.run, [applied('web-3', 'fixed'), applied('web-2', 'fixed')]).run.state).toBe('finished')
  })

  test('a batch begins when the one before is over', () => {
    const { run } = applying({
      changes: { a: 'raise', b: 'raise', c: 'raise', d: 'raise', e: 'raise' },
      waves: { canaryHosts: 1, batchHosts: 2 },
    })
    const batch = play(run, [applied('a', 'fixed')]).run
    expect(statesOf(batch)).toEqual({ a: 'fixed', b: 'applying', c: 'applying', d: 'waiting', e: 'waiting' })
    const half = play(batch, [applied('c', 'fixed')])
    expect(half.commands).toEqual([])
    expect(statesOf(play(half.run, [applied('b', 'fixed')]).run)).toMatchObject({ d: 'applying', e: 'applying' })
  })

  test('each change has a canary of its own, and the change that most hosts need goes first', () => {
    const { run } = applying({ changes: { a: 'lower', b: 'raise', c: 'raise' } })
    expect(statesOf(run)).toEqual({ a: 'waiting', b: 'applying', c: 'waiting' })
    const second = play(run, [applied('b', 'fixed'), applied('c', 'fixed')]).run
    expect(statesOf(second)).toEqual({ a: 'applying', b: 'fixed', c: 'fixed' })
  })

  test('changes are worked on side by side where the run allows it', () => {
    const { run } = applying({
      changes: { a: 'lower', b: 'raise', c: 'raise' },
      limits: { stopAtFailures: 1, groupsAtOnce: 2, approvalsNeeded: 1 },
    })
    expect(statesOf(run)).toEqual({ a: 'applying', b: 'applying', c: 'waiting' })
  })

  test('a canary that is clear but still fails for another reason lets the rest pass, and it is noted', () => {
    const { run } = play(applying(three).run, [applied('web-1', 'cleared-still-failing')])
    expect(statesOf(run)).toMatchObject({ 'web-2': 'applying' })
    expect(run.notes).toMatchObject([{ says: expect.stringContaining('still fails for another reason') }])
  })

  test('a canary that fails with what was put back holds the others until a person says that they follow', () => {
    const undo = { changes: { 'web-1': 'undo', 'web-2': 'undo' } } as const
    const { run } = play(applying(undo).run, [applied('web-1', 'cleared-still-failing', { probesPass: false })])
    expect(run).toMatchObject({ state: 'holding', notes: [{ says: expect.stringContaining('as it did before') }] })
    const [group] = run.groups
    const promoted = play(run, [{ type: 'promoted', at, by: 'ana', group: group!.key }])
    expect(statesOf(promoted.run)).toMatchObject({ 'web-2': 'applying' })
    expect(statesOf(play(applying(undo).run, [applied('web-1', 'fixed')]).run)).toMatchObject({ 'web-2': 'applying' })
  })

  test('a canary with too little traffic lets the rest pass when requests made on purpose were answered', () => {
    const { run } = play(applying(three).run, [applied('web-1', 'inconclusive')])
    expect(statesOf(run)).toMatchObject({ 'web-1': 'inconclusive', 'web-2': 'applying' })
    expect(run.notes).toHaveLength(1)
  })

  test('otherwise the run holds until a person promotes the change', () => {
    const held = play(applying(three).run, [applied('web-1', 'inconclusive', { probesPass: false })]).run
    expect(held).toMatchObject({ state: 'holding', notes: [{ says: expect.stringContaining('web-1') }] })
    const group = held.groups[0]!.key
    const { run, commands } = play(held, [{ type: 'promoted', at, by: 'ana', group }])
    expect(run.state).toBe('applying')
    expect(commands).toHaveLength(2)
    expect(transition(run, { type: 'promoted', at, by: 'ana', group })).toMatchObject({ ok: false })
  })

  test('a change that is held does not keep the others waiting', () => {
    const { run } = play(applying({ changes: { a: 'lower', b: 'raise', c: 'raise' } }).run, [
      applied('b', 'inconclusive', { probesPass: false }),
    ])
    expect(run.state).toBe('applying')
    expect(statesOf(run)).toEqual({ a: 'applying', b: 'inconclusive', c: 'waiting' })
  })

  test('a canary that changed meanwhile gives its place to the next host, and stops nothing', () => {
    const { run, commands } = play(applying(three).run, [refusedBecause('web-1', 'plan-is-stale')])
    expect(statesOf(run)).toEqual({ 'web-1': 'stale', 'web-2': 'applying', 'web-3': 'waiting' })
    expect(commands).toHaveLength(1)
    expect(run.notes).toMatchObject([{ says: expect.stringContaining('takes its place') }])
  })
})

describe('stopping', () => {
  const four = { changes: { a: 'raise', b: 'raise', c: 'raise', d: 'raise' } } as const

  test.each(['rolled-back', 'not-fixed', 'stuck', 'refused'] as const)(
    'a canary that is %s stops the run',
    (outcome) => {
      const { run, commands } = play(applying(four).run, [applied('a', outcome)])
      expect(run).toMatchObject({
        state: 'halted',
        endedAt: at,
        stopping: { to: 'halted', by: null, says: expect.stringContaining(`a is ${outcome}`) },
      })
      expect(statesOf(run)).toMatchObject({ b: 'skipped', c: 'skipped', d: 'skipped' })
      expect(commands).toEqual([])
    },
  )

  test('hosts at work are awaited, and only then has the run halted', () => {
    const rest = play(applying({ ...four, waves: { canaryHosts: 1, batchHosts: 2 } }).run, [
      applied('a', 'fixed'),
      applied('b', 'rolled-back'),
    ]).run
    expect(rest.state).toBe('halting')
    expect(statesOf(rest)).toEqual({ a: 'fixed', b: 'rolled-back', c: 'applying', d: 'skipped' })
    expect(play(rest, [applied('c', 'fixed')]).run).toMatchObject({ state: 'halted', endedAt: at })
  })

  test('failures count over the whole run, and the run stops when the number is reached', () => {
    const limits = { stopAtFailures: 2, groupsAtOnce: 1, approvalsNeeded: 1 }
    const { run } = applying({ changes: { a: 'raise', b: 'raise', c: 'lower', d: 'restart' }, limits })
    const one = play(run, [applied('a', 'fixed'), applied('b', 'rolled-back')]).run
    expect(one.state).toBe('applying')
    const two = play(one, [{ type: 'host-not-reached', at, host: 'c', how: 'unreachable', says: 'Not connected.' }]).run
    expect(two).toMatchObject({ state: 'halted', stopping: { says: expect.stringContaining('2 hosts have failed') } })
  })

  test('a canary that fails stops the run although more failures are allowed, because its change is in question', () => {
    const limits = { stopAtFailures: 5, groupsAtOnce: 1, approvalsNeeded: 1 }
    expect(play(applying({ ...four, limits }).run, [applied('a', 'not-fixed')]).run).toMatchObject({
      state: 'halted',
      stopping: { says: expect.stringContaining('canary') },
    })
  })

  test('paused: those at work end, nobody else begins, until it is resumed', () => {
    const paused = play(applying(four).run, [
      { type: 'paused', at, by: 'ana', reason: 'looking' },
      applied('a', 'fixed'),
    ])
    expect(paused.run.state).toBe('paused')
    expect(paused.commands).toEqual([])
    expect(play(paused.run, [{ type: 'resumed', at, by: 'ana' }]).commands).toHaveLength(3)
  })

  test('aborted: those at work are awaited, and the person and the reason are kept', () => {
    const aborting = play(applying(four).run, [{ type: 'aborted', at, by: 'ana', reason: 'enough' }]).run
    expect(aborting.state).toBe('halting')
    expect(play(aborting, [applied('a', 'fixed')]).run).toMatchObject({
      state: 'aborted',
      stopping: { by: 'ana', says: 'enough' },
    })
  })

  test('expired: hosts that were begun in time are awaited, the others are not begun', () => {
    const expiring = play(applying(four).run, [{ type: 'expired', at }]).run
    expect(expiring.state).toBe('halting')
    expect(play(expiring, [applied('a', 'fixed')]).run.state).toBe('expired')
  })

  test('an approval that runs out while the last hosts are at work stops nothing', () => {
    expect(transition(applying({ changes: { a: 'raise' } }).run, { type: 'expired', at })).toMatchObject({ ok: false })
  })
})

describe('a lost connection', () => {
  const { run } = applying({ changes: { a: 'raise', b: 'raise' } })
  const plan = planInRun(run, 'a').digest

  test('says nothing about the outcome: the journal of the host is asked', () => {
    const asking = play(run, [lost('a')])
    expect(asking.run).toMatchObject({ state: 'applying' })
    expect(asking.commands).toEqual([{ do: 'ask-host', host: 'a', plan }])
    expect(statesOf(play(asking.run, [answered('a', 'fixed')]).run)).toEqual({ a: 'fixed', b: 'applying' })
  })

  test('a host that never heard of the plan is told again, but not for ever', () => {
    let now = run
    for (let attempt = 1; attempt < maxAttempts; attempt++) {
      const again = play(now, [lost('a'), neverHeard('a')])
      expect(again.commands.at(-1)).toEqual({ do: 'apply-host', host: 'a', plan })
      now = again.run
    }
    expect(statesOf(play(now, [lost('a'), neverHeard('a')]).run)).toMatchObject({ a: 'unreachable', b: 'skipped' })
  })

  test('a host that never heard of the plan is not told again once the run stops', () => {
    const { run: after, commands } = play(run, [
      lost('a'),
      { type: 'aborted', at, by: 'ana', reason: 'enough' },
      neverHeard('a'),
    ])
    expect(statesOf(after)).toEqual({ a: 'skipped', b: 'skipped' })
    expect(commands.filter((command) => command.do === 'apply-host')).toEqual([])
  })

  test('a host that stays silent is unknown and counts as failed; what it says later is still taken', () => {
    const silent = play(run, [lost('a'), { type: 'host-silent', at, host: 'a', says: 'No answer for 15 minutes.' }]).run
    expect(silent.state).toBe('halted')
    expect(statesOf(silent)).toEqual({ a: 'unknown', b: 'skipped' })
    const late = play(silent, [answered('a', 'fixed')])
    expect(late).toMatchObject({ run: { state: 'halted' }, commands: [] })
    expect(statesOf(late.run)).toEqual({ a: 'fixed', b: 'skipped' })
  })

  test('a host that says the plan was used is asked for its journal, because the user may have been this run', () => {
    expect(play(run, [refusedBecause('a', 'plan-used')])).toMatchObject({
      run: { state: 'applying' },
      commands: [{ do: 'ask-host', host: 'a' }],
    })
  })

  test('another apply at work is a refusal the first time, and possibly our own one the second time', () => {
    expect(statesOf(play(run, [refusedBecause('a', 'apply-in-progress')]).run)).toMatchObject({ a: 'refused' })
    expect(
      statesOf(play(run, [lost('a'), neverHeard('a'), refusedBecause('a', 'apply-in-progress')]).run),
    ).toMatchObject({ a: 'lost' })
  })

  test('a report about another plan or another host is not taken', () => {
    const other = { type: 'host-applied', at, host: 'a', report: reportOf(planOf('a', 'lower'), 'fixed') } as const
    expect(transition(run, other)).toMatchObject({ ok: false })
    expect(transition(run, { ...other, report: reportOf(planOf('b'), 'fixed') })).toMatchObject({ ok: false })
  })
})

test('an outcome that comes twice is taken once', () => {
  const { run } = play(applying({ changes: { a: 'raise', b: 'raise' } }).run, [applied('a', 'fixed')])
  expect(transition(run, applied('a', 'rolled-back')(run))).toMatchObject({
    ok: false,
    problem: { code: 'run-not-ready' },
  })
})
