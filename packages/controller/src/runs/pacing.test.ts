/** At which pace hosts follow each other, told as small stories. */
import type { HostId, Run } from '@fleetmend/shared'
import { describe, expect, test } from 'vitest'
import {
  applied,
  applying,
  applyStarted,
  approvalAsked,
  approvedBy,
  at,
  hostsBegun,
  planned,
  play,
  startedWith,
  statesOf,
  type Beginning,
} from '../../test/sample-run.ts'
import type { RunEvent } from './run-event.ts'
import { begin, transition } from './transition.ts'
import { calledHosts } from './waves.ts'

const ten = Array.from({ length: 10 }, (_, n) => `h${n}`)
const same = (hosts: readonly HostId[]) => Object.fromEntries(hosts.map((host) => [host, 'raise']))
const fixed = (hosts: readonly HostId[]) => hosts.map((host) => applied(host, 'fixed'))
const atWork = (run: Run): readonly HostId[] => run.hosts.flatMap(({ id, state }) => (state === 'applying' ? id : []))

/** The sizes of the waves of a run in which everything goes well. */
function sizesOf(rest: Partial<Beginning>): readonly number[] {
  let { run } = applying({ changes: same(ten), ...rest })
  const sizes: number[] = []
  while (atWork(run).length > 0) {
    sizes.push(atWork(run).length)
    run = play(run, fixed(atWork(run))).run
  }
  expect(run.state).toBe('finished')
  return sizes
}

test.each<[string, Beginning['waves'], readonly number[]]>([
  ['a canary, then all', { canaryHosts: 1, batchHosts: 100 }, [1, 9]],
  ['no canary', { canaryHosts: 0, batchHosts: 4 }, [4, 4, 2]],
  ['shares of the change', { canaryHosts: '20%', batchHosts: '30%' }, [2, 3, 3, 2]],
  ['growing batches', { canaryHosts: 1, ramp: [1, 2], batchHosts: '50%' }, [1, 1, 2, 5, 1]],
  [
    'a share so small that it is one host',
    { canaryHosts: '1%', batchHosts: '1%' },
    Array.from({ length: 10 }, () => 1),
  ],
  ['all as canaries', { canaryHosts: '100%', batchHosts: 1 }, [10]],
])('%s', (_, waves, sizes) => expect(sizesOf(waves ? { waves } : {})).toEqual(sizes))

test('hosts with the labels of canaries go first; in a change without any, its first hosts', () => {
  const changes = { a: 'raise', b: 'raise', c: 'raise', d: 'lower', e: 'lower' }
  const limits = { stopAtFailures: 1, groupsAtOnce: 2, approvalsNeeded: 1 }
  expect(atWork(applying({ changes, limits, canaries: ['c'] }).run)).toEqual(['c', 'd'])
})

test('a batch is called as a whole and begins in parts, where the run has a limit of hosts at work', () => {
  const limits = { stopAtFailures: 1, groupsAtOnce: 1, approvalsNeeded: 1, hostsAtOnce: 2 }
  const { run } = applying({ changes: same(ten), limits, waves: { canaryHosts: 0, batchHosts: 5 } })
  expect(atWork(run)).toEqual(['h0', 'h1'])
  const next = play(run, fixed(['h0'])).run
  expect(atWork(next)).toEqual(['h1', 'h2'])
  expect(transition(next, { type: 'hosts-begun', at, hosts: ['h3'] })).toMatchObject({ ok: false })
})

describe('room', () => {
  test('is asked for before anybody is told, and only hosts that were called are given it', () => {
    const steps = [planned('a'), planned('b'), approvalAsked, approvedBy('ben'), applyStarted]
    const { run, commands } = play(begin(startedWith(['a', 'b'])).run, steps, { crowded: true })
    expect(commands.slice(-1)).toEqual([{ do: 'ask-room' }])
    expect(statesOf(run)).toEqual({ a: 'waiting', b: 'waiting' })
    expect(calledHosts(run)).toEqual(['a'])
    for (const hosts of [['b'], ['a', 'b'], ['x']])
      expect(transition(run, { type: 'hosts-begun', at, hosts })).toMatchObject({ ok: false })
    expect(play(run, [hostsBegun], { crowded: true }).commands).toMatchObject([{ do: 'apply-host', host: 'a' }])
  })

  test('that is not there is waited for, with the reason, until there is some or the run is ended', () => {
    const waiting = applying({ changes: same(['a', 'b', 'c']), waves: { canaryHosts: 1, batchHosts: 2 } }).run
    const because = [{ hosts: ['b', 'c'], says: 'It is night.', behind: null }]
    const held = play(waiting, [applied('a', 'fixed'), { type: 'held-back', at, because }], { crowded: true }).run
    expect(held).toMatchObject({ state: 'waiting', heldBack: because })
    const some = play(held, [{ type: 'hosts-begun', at, hosts: ['b'] }], { crowded: true }).run
    expect(some).toMatchObject({ state: 'applying', heldBack: [{ hosts: ['c'] }] })
    const aborted = play(held, [{ type: 'aborted', at, by: 'ana', reason: 'enough' }], { crowded: true }).run
    expect(aborted).toMatchObject({ state: 'aborted', heldBack: [] })
    expect(statesOf(aborted)).toEqual({ a: 'fixed', b: 'skipped', c: 'skipped' })
  })
})

describe('between waves', () => {
  const three = same(['a', 'b', 'c'])

  test('a person promotes each, where the run wants it', () => {
    const { run } = applying({ changes: three, waves: { canaryHosts: 1, batchHosts: 1, between: 'promote' } })
    const held = play(run, fixed(['a'])).run
    expect(held).toMatchObject({ state: 'holding', notes: [{ says: expect.stringContaining('a is done') }] })
    const promoted: RunEvent = { type: 'promoted', at, by: 'ana', group: held.groups[0]!.key }
    const second = play(held, [promoted]).run
    expect(atWork(second)).toEqual(['b'])
    expect(transition(second, promoted)).toMatchObject({ ok: false })
    const third = play(second, [...fixed(['b']), promoted, ...fixed(['c'])]).run
    expect(third.state).toBe('finished')
  })

  describe('they must stay well, where the run wants it', () => {
    const { run } = applying({
      changes: three,
      waves: { canaryHosts: 1, batchHosts: 2, between: { wellForMs: 60_000 } },
    })
    const resting = play(run, fixed(['a']))
    const group = resting.run.groups[0]!.key
    const until = '2026-11-21T03:16:02.000Z'
    const watched = (unwell: readonly { host: string; says: string }[]): RunEvent => ({
      type: 'wave-watched',
      at: until,
      group,
      wave: 0,
      unwell: [...unwell],
    })

    test('the run waits, and goes on by itself when they were', () => {
      expect(resting).toMatchObject({
        run: { state: 'waiting' },
        commands: [{ do: 'watch-wave', group, wave: 0, hosts: ['a'], until }],
      })
      const next = play(resting.run, [watched([])]).run
      expect(atWork(next)).toEqual(['b', 'c'])
      expect(transition(next, watched([]))).toMatchObject({ ok: false })
    })

    test('one that is not waits for a person', () => {
      const held = play(resting.run, [watched([{ host: 'a', says: 'It fails again.' }])]).run
      expect(held).toMatchObject({ state: 'holding', notes: [{ says: expect.stringContaining('a: It fails again.') }] })
      expect(atWork(play(held, [{ type: 'promoted', at, by: 'ana', group }]).run)).toEqual(['b', 'c'])
    })

    test('what was seen while the run was paused counts when it goes on', () => {
      const paused = play(resting.run, [{ type: 'paused', at, by: 'ana', reason: 'looking' }, watched([])]).run
      expect(paused.state).toBe('paused')
      expect(atWork(play(paused, [{ type: 'resumed', at, by: 'ana' }]).run)).toEqual(['b', 'c'])
    })

    test('after the last wave nobody waits', () => {
      const last = play(resting.run, [watched([]), ...fixed(['b', 'c'])])
      expect(last.run.state).toBe('finished')
      expect(last.commands.filter((command) => command.do === 'watch-wave')).toEqual([])
    })
  })
})

describe('each kind of failure has a limit of its own', () => {
  const limits = { stopAtFailures: 2, stopAtUnreachable: 2, stopAtRolledBack: 1, groupsAtOnce: 1, approvalsNeeded: 1 }
  const { run } = applying({ changes: same(ten), limits, waves: { canaryHosts: 0, batchHosts: 4 } })
  const away = (host: HostId): RunEvent => ({ type: 'host-not-reached', at, host, how: 'unreachable', says: 'Away.' })

  test('and what has one does not count for another', () => {
    const on = play(run, [away('h0'), applied('h1', 'not-fixed')]).run
    expect(on.state).toBe('applying')
    expect(play(on, [away('h2')]).run).toMatchObject({
      state: 'halting',
      stopping: { says: expect.stringContaining('stops when 2 hosts have not been reached') },
    })
    expect(play(on, [applied('h2', 'rolled-back')]).run).toMatchObject({
      stopping: { says: expect.stringContaining('one host has rolled back') },
    })
    expect(play(on, [applied('h2', 'stuck')]).run).toMatchObject({
      stopping: { says: expect.stringContaining('2 hosts have failed') },
    })
  })
})

describe('a host that is away when its turn comes', () => {
  const terms = { awaitHostsUntil: '2026-11-21T04:00:00.000Z' }
  const { run } = applying({ changes: same(['a', 'b', 'c']), terms })
  const away = (now: string = at): RunEvent => ({
    type: 'host-not-reached',
    at: now,
    host: 'a',
    how: 'unreachable',
    says: 'Away.',
  })

  test('is waited for, and the next one is canary in its place', () => {
    const { run: on, commands } = play(run, [away()])
    expect(statesOf(on)).toEqual({ a: 'away', b: 'applying', c: 'waiting' })
    expect(commands).toContainEqual({ do: 'await-host', host: 'a' })
    const back = play(on, [{ type: 'host-back', at, host: 'a' }, ...fixed(['b'])]).run
    expect(atWork(back)).toEqual(['a', 'c'])
  })

  test('alone keeps the run waiting, until it is back or its time is up', () => {
    const alone = play(run, [away(), ...fixed(['b']), ...fixed(['c'])]).run
    expect(alone.state).toBe('waiting')
    expect(play(alone, [{ type: 'host-back', at, host: 'a' }, ...fixed(['a'])]).run.state).toBe('finished')
    expect(statesOf(play(alone, [away('2026-11-21T04:00:00.000Z')]).run)).toMatchObject({ a: 'unreachable' })
    expect(play(alone, [{ type: 'expired', at }]).run).toMatchObject({ state: 'expired' })
  })

  test('is passed over at once where nobody wants to wait', () => {
    expect(statesOf(play(applying({ changes: same(['a', 'b']) }).run, [away()]).run)).toMatchObject({
      a: 'unreachable',
    })
  })
})

test('a deadline ends a run whose hosts still plan, and stands in what is signed', () => {
  const deadline = '2026-11-21T03:30:00.000Z'
  const planning = begin(startedWith(['a', 'b'], { terms: { deadline } })).run
  expect(transition(planning, { type: 'expired', at })).toMatchObject({ ok: false })
  expect(play(planning, [{ type: 'expired', at: deadline }]).run).toMatchObject({
    state: 'expired',
    stopping: { says: `Its deadline, ${deadline}, is over.` },
  })
  const { run } = applying({ changes: same(['a', 'b']), terms: { deadline } })
  expect(run.manifest?.notAfter).toBe(deadline)
  const called = play(run, fixed(['a']), { crowded: true }).run
  expect(transition(called, { type: 'hosts-begun', at: deadline, hosts: ['b'] })).toMatchObject({ ok: false })
})

test('a host that turns out to have begun nothing, when the time is up, is left alone', () => {
  const { run } = applying({ changes: same(['a', 'b']) })
  const late = run.manifest!.notAfter
  const lost = play(run, [{ type: 'host-lost', at, host: 'a', says: 'Gone.' }]).run
  expect(statesOf(play(lost, [{ type: 'host-answered', at: late, host: 'a', report: null }]).run)).toEqual({
    a: 'skipped',
    b: 'skipped',
  })
})
