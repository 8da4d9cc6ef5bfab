import type { HostRecord, Run, RunHostState, SignedGrant } from '@fleetmend/shared'
import { expect, test } from 'vitest'
import { startedWith } from '../../test/sample-run.ts'
import { begin } from '../runs/transition.ts'
import { rollbackOf } from './starting-runs.ts'

const id = 'r-20261121-031455-41bd'
const nowMs = Date.parse('2026-11-21T04:00:00.000Z')
const states: Readonly<Record<string, RunHostState>> = {
  'web-1': 'fixed',
  'web-2': 'cleared-still-failing',
  'web-3': 'inconclusive',
  'web-4': 'rolled-back',
  'web-5': 'not-fixed',
  'web-6': 'skipped',
  'web-7': 'unknown',
  'web-8': 'stuck',
}
const members = Object.keys(states).map(
  (host) => ({ id: host, labels: { zone: host === 'web-1' ? 'a' : 'b' } }) as unknown as HostRecord,
)

function ended(more: Partial<Run> = {}): Run {
  const { run } = begin(
    startedWith(Object.keys(states), {
      waves: { canaryHosts: 2, ramp: [1, 5], batchHosts: '20%' },
      limits: { stopAtFailures: 3, groupsAtOnce: 2, approvalsNeeded: 2 },
      asked: { want: 'for-findings', watchMs: 5000 },
    }),
  )
  const hosts = run.hosts.map((host) => ({
    ...host,
    state: states[host.id]!,
    apply: `a-20261121-031502-000${host.id.at(-1)}`,
  }))
  return { ...run, state: 'halted', hosts, ...more }
}
const rollback = (run: Run, more: Partial<Parameters<typeof rollbackOf>[2]> = {}) =>
  rollbackOf(run, members, { by: 'ben', target: {}, nowMs, ...more })

test('the hosts that a run changed, or may have changed, are asked to undo it, at its pace and within its limits', () => {
  expect(rollback(ended())).toMatchObject({
    ok: true,
    value: {
      by: 'ben',
      reason: `to roll back ${id}`,
      hosts: ['web-1', 'web-2', 'web-3', 'web-7', 'web-8'],
      asked: { want: [{ id: 'undo-apply', input: { run: id } }], watchMs: 5000 },
      waves: { canaryHosts: 2, ramp: [1, 5], batchHosts: '20%' },
      limits: { stopAtFailures: 3, groupsAtOnce: 2, approvalsNeeded: 2 },
      follows: { run: id, as: 'rollback' },
    },
  })
})

test('what is said holds instead: hosts, labels, pace, reason', () => {
  const changes = { reason: 'it is slower', waves: { batchHosts: 4 }, limits: { stopAtFailures: 1 }, watchMs: 0 }
  const named = rollback(ended(), { target: { hosts: ['web-1'] }, ...changes })
  expect(named).toMatchObject({
    ok: true,
    value: {
      hosts: ['web-1'],
      reason: 'it is slower',
      asked: { watchMs: 0 },
      waves: { canaryHosts: 2, batchHosts: 4 },
      limits: { stopAtFailures: 1, groupsAtOnce: 2 },
    },
  })
  expect(named.ok && named.value.waves.ramp).toBe(undefined)
  expect(rollback(ended(), { target: { selector: 'zone=b' } })).toMatchObject({
    value: { hosts: ['web-2', 'web-3', 'web-7', 'web-8'] },
  })
})

const grant = {} as SignedGrant
test.each<{ readonly what: string; readonly run: Run; readonly hosts?: readonly string[]; readonly says: string }>([
  { what: 'is not over', run: ended({ state: 'applying' }), says: `fleetmend runs abort ${id}` },
  { what: 'changed nothing', run: ended({ hosts: [] }), says: 'it changed no host' },
  {
    what: 'changed nothing on a host that is named',
    run: ended(),
    hosts: ['web-1', 'web-4'],
    says: 'it changed nothing on web-4',
  },
  {
    what: 'was begun by a grant, on several hosts',
    run: ended({ grant }),
    says: 'fleetmend plan web-2 --do undo-apply --input apply=a-20261121-031502-0002',
  },
])('a run that $what is not rolled back, and why', ({ run, hosts, says }) => {
  expect(rollback(run, hosts ? { target: { hosts: [...hosts] } } : {})).toMatchObject({
    ok: false,
    problem: { code: 'run-not-ready', detail: expect.stringContaining(says) as string },
  })
})

test('an unknown name is said, not left out', () => {
  expect(rollback(ended(), { target: { hosts: ['web-99'] } })).toMatchObject({ problem: { code: 'unknown-host' } })
})

test('one host that was changed by a grant is undone by the id of its apply', () => {
  expect(rollback(ended({ grant }), { target: { hosts: ['web-2'] } })).toMatchObject({
    value: { asked: { want: [{ input: { apply: 'a-20261121-031502-0002' } }] } },
  })
})
