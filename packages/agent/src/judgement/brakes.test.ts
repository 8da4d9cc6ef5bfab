import { Policy, type Plan } from '@fleetmend/shared'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { samplePlan } from '../state/sample-plan.ts'
import { brakesOn, remediesOf, type Brake, type HostLimits, type PastApply, type Remedy } from './brakes.ts'

const nowMs = Date.parse('2026-11-21T03:15:00.000Z')
const minuteMs = 60_000
const ago = (minutes: number) => nowMs - minutes * minuteMs

function limits(policy: object = {}, frozen: string | null = null): HostLimits {
  return { policy: Policy.parse(policy), zone: 'UTC', frozen }
}

function planOf(...remedies: readonly Remedy[]): Plan {
  const remediations = remedies.map(({ id, on }) => ({ id, input: { service: on }, because: '', arithmetic: [] }))
  return samplePlan(new Uint8Array(32), { remediations }).record.plan
}

const tune = { id: 'tune-pool', on: 'php8.2-fpm/www' }
const reload = { id: 'reload-fpm', on: 'php8.2-fpm' }

function past(startedAtMs: number, endedAtMs: number | null = startedAtMs, remedies = [reload]): PastApply {
  return { apply: 'a-20261121-031000-9f3c', startedAtMs, endedAtMs, remedies }
}

const names = (brakes: readonly Brake[]) => brakes.map(({ brake }) => brake)
const held = (policy: object, before: readonly PastApply[] = [], plan: Plan | null = planOf(reload)) =>
  brakesOn(plan, limits(policy), before, nowMs)

test('by default nothing holds back the first plan', () => {
  expect(held({})).toEqual([])
})

describe('a freeze', () => {
  test.each([
    { reason: 'peak of the sales until Monday', says: 'This host is frozen: peak of the sales until Monday' },
    { reason: '', says: 'This host is frozen, and nobody wrote down why.' },
  ])('holds every plan until the file is gone: $says', ({ reason, says }) => {
    const brake = { brake: 'frozen', says, untilMs: null, lift: 'remove /etc/fleetmend/freeze' }
    expect(brakesOn(planOf(reload), limits({}, reason), [], nowMs)).toEqual([brake])
    expect(brakesOn(null, limits({}, reason), [], nowMs)).toEqual([brake])
  })
})

describe('remediations that are not allowed', () => {
  test.each([
    { allowed: 'all', plan: [reload, tune], brake: [] },
    { allowed: ['reload-fpm', 'tune-pool'], plan: [reload, tune], brake: [] },
    { allowed: ['reload-fpm'], plan: [reload, tune], brake: ['remediation'] },
    { allowed: [], plan: [reload], brake: ['remediation'] },
  ])('of $allowed: $brake', ({ allowed, plan, brake }) => {
    expect(names(held({ remediations: allowed }, [], planOf(...plan)))).toEqual(brake)
  })

  test('are named, with what is allowed instead', () => {
    expect(held({ remediations: ['reload-fpm'] }, [], planOf(reload, tune, tune))).toMatchObject([
      { says: 'This host does not allow tune-pool. It allows reload-fpm.', untilMs: null },
    ])
  })
})

describe('changes per hour', () => {
  test.each([
    { what: 'one of two', begun: [10], untilMinutes: null },
    { what: 'two of two, until the first of them is an hour ago', begun: [10, 50], untilMinutes: 10 },
    { what: 'in whatever order they are found', begun: [50, 10], untilMinutes: 10 },
    { what: 'three of two, until two of them are', begun: [10, 20, 50], untilMinutes: 40 },
    { what: 'one was an hour ago', begun: [10, 60], untilMinutes: null },
    { what: 'one is to come, as the clock was set back', begun: [10, -5], untilMinutes: 50 },
    { what: 'one is of the far future', begun: [10, -100_000], untilMinutes: null },
  ])('$what', ({ begun, untilMinutes }) => {
    const brakes = held(
      { changesPerHour: 2, coolDownMinutes: 0 },
      begun.map((minutes) => past(ago(minutes))),
    )
    expect(brakes.map(({ brake, untilMs }) => ({ brake, untilMs }))).toEqual(
      untilMinutes === null ? [] : [{ brake: 'changes-per-hour', untilMs: nowMs + untilMinutes * minuteMs }],
    )
  })
})

describe('the cool-down', () => {
  test.each<{ what: string; before: PastApply; plan?: readonly Remedy[]; untilMinutes: number | null }>([
    { what: 'counts from the end', before: past(ago(9), ago(4)), untilMinutes: 6 },
    { what: 'of what has not ended, from when it began', before: past(ago(4), null), untilMinutes: 6 },
    { what: 'is over', before: past(ago(30), ago(10)), untilMinutes: null },
    {
      what: 'is for the same service',
      before: past(ago(1), ago(1), [{ ...reload, on: 'php7.4-fpm' }]),
      untilMinutes: null,
    },
    { what: 'is for the same remediation', before: past(ago(1), ago(1), [tune]), untilMinutes: null },
    { what: 'finds it among others', before: past(ago(1), ago(1), [tune, reload]), untilMinutes: 9 },
    { what: 'finds one of several', before: past(ago(1)), plan: [tune, reload], untilMinutes: 9 },
  ])('$what', ({ before, plan = [reload], untilMinutes }) => {
    const brakes = held({ coolDownMinutes: 10 }, [before], planOf(...plan))
    expect(brakes.map(({ brake, untilMs }) => ({ brake, untilMs }))).toEqual(
      untilMinutes === null ? [] : [{ brake: 'cool-down', untilMs: nowMs + untilMinutes * minuteMs }],
    )
  })

  test('does not stand in the way of the second step of a healing', () => {
    expect(held({}, [past(ago(1), ago(0), [{ id: 'start-service', on: 'php8.2-fpm' }])])).toEqual([])
  })

  test('names the apply before', () => {
    expect(held({}, [past(ago(1))])).toMatchObject([
      {
        says: 'reload-fpm was applied to php8.2-fpm as a-20261121-031000-9f3c; no approval applies it there again within 5 min.',
        lift: 'apply it there, or change `coolDownMinutes` in /etc/fleetmend/policy.yaml',
      },
    ])
  })
})

test('outside the maintenance windows the next one is told', () => {
  const windows = [{ days: ['mon', 'tue'], from: '22:00', to: '04:00' }]
  expect(held({ maintenance: { windows } })).toEqual([
    {
      brake: 'maintenance',
      says: 'This host is changed only in its maintenance windows: mon tue 22:00–04:00 (UTC).',
      untilMs: Date.parse('2026-11-23T22:00:00Z'),
      lift: 'change `maintenance` in /etc/fleetmend/policy.yaml',
    },
  ])
})

test('all that hold are told at once, and without a plan those that hold any', () => {
  const policy = {
    remediations: [],
    changesPerHour: 1,
    maintenance: { windows: [{ days: ['mon'], from: '22:00', to: '04:00' }] },
  }
  const all = ['frozen', 'remediation', 'maintenance', 'changes-per-hour', 'cool-down']
  expect(names(brakesOn(planOf(reload), limits(policy, 'no'), [past(ago(1))], nowMs))).toEqual(all)
  expect(names(brakesOn(null, limits(policy, 'no'), [past(ago(1))], nowMs))).toEqual([
    'frozen',
    'maintenance',
    'changes-per-hour',
  ])
})

describe('what a remediation is for', () => {
  const plan = (input: Record<string, string | number>, more: object = {}) =>
    samplePlan(new Uint8Array(32), {
      remediations: [{ id: 'tune-pool', input, because: '', arithmetic: [] }],
      ...more,
    }).record.plan
  const acts = [
    { act: 'daemon-reload' as const },
    { act: 'reload-nginx' as const, service: 'nginx' },
    { act: 'start' as const, service: 'php8.2-fpm' },
  ]

  test.each([
    { what: 'a pool', given: plan({ pool: 'php8.2-fpm/www', maxChildren: 8 }), on: 'php8.2-fpm/www' },
    { what: 'a site', given: plan({ site: 'shop.example' }, { acts }), on: 'shop.example' },
    { what: 'a pool for a site', given: plan({ site: 'shop.example', pool: 'a/b' }), on: 'a/b, shop.example' },
    { what: 'the services that it acts on', given: plan({}, { acts }), on: 'nginx, php8.2-fpm' },
    { what: 'the host', given: plan({}), on: 'web-7' },
  ])('$what', ({ given, on }) => {
    expect(remediesOf(given)).toEqual([{ id: 'tune-pool', on }])
  })
})

test('whatever was done, a brake with a time has let go by then, and not before', () => {
  const remedy = fc.constantFrom(reload, tune)
  const applies = fc.array(
    fc
      .record({
        began: fc.integer({ min: -90, max: 90 }),
        took: fc.integer({ min: 0, max: 20 }),
        remedy,
        open: fc.boolean(),
      })
      .map((each) => past(ago(each.began), each.open ? null : ago(each.began - each.took), [each.remedy])),
    { maxLength: 12 },
  )
  const policies = fc.record({
    changesPerHour: fc.integer({ min: 1, max: 6 }),
    coolDownMinutes: fc.integer({ min: 0, max: 30 }),
  })
  fc.assert(
    fc.property(applies, policies, remedy, (before, policy, wanted) => {
      const at = (ms: number) => brakesOn(planOf(wanted), limits(policy), before, ms)
      for (const { brake, untilMs } of at(nowMs)) {
        expect(untilMs).toBeGreaterThan(nowMs)
        expect(names(at(untilMs! - 1))).toContain(brake)
      }
      // What the clock was set back over comes into sight later, so that only of the past it is known when all is free.
      if (before.some(({ startedAtMs, endedAtMs }) => Math.max(startedAtMs, endedAtMs ?? 0) > nowMs)) return
      for (const { brake, untilMs } of at(nowMs)) expect(names(at(untilMs!))).not.toContain(brake)
    }),
  )
})
