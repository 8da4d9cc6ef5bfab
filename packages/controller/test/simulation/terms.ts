/** What people ask of a simulated run, and what the fleet they ask it in allows: every rule of the engine, in some seed. */
import type { HostId } from '@fleetmend/shared'
import type { FleetRules } from '../../src/runs/room.ts'
import type { Started } from '../../src/runs/run-event.ts'
import type { Chance } from './chance.ts'

const minuteMs = 60_000

export function termsOf(chance: Chance, hosts: readonly HostId[], nowMs: number): Partial<Started> {
  const often = <Value extends object>(share: number, value: Value): Value | object => (chance.is(share) ? value : {})
  const instantIn = (least: number, most: number): string =>
    new Date(nowMs + chance.between(least, most) * minuteMs).toISOString()
  return {
    waves: {
      canaryHosts: chance.one([0, 1, 1, 2, '20%']),
      batchHosts: chance.one([1, 2, 4, '50%', '100%']),
      ...often(0.2, { ramp: chance.one([[1], [1, 2], ['20%' as const]]) }),
      ...often(0.3, { between: chance.one(['promote' as const, { wellForMs: chance.between(1, 300) * 1000 }]) }),
    },
    limits: {
      stopAtFailures: chance.between(1, 4),
      groupsAtOnce: chance.between(1, 2),
      approvalsNeeded: chance.between(1, 2),
      ...often(0.2, { stopAtUnreachable: chance.between(1, 3) }),
      ...often(0.2, { stopAtRolledBack: chance.between(1, 3) }),
      ...often(0.2, { hostsAtOnce: chance.between(1, 3) }),
    },
    terms: {
      ...often(0.15, {
        windows: [windowAt(nowMs + chance.between(-20, 40) * minuteMs, chance.between(5, 40) * minuteMs)],
      }),
      ...often(0.15, { deadline: instantIn(1, 60) }),
      ...often(0.3, { awaitHostsUntil: instantIn(1, 60) }),
    },
    ...often(0.3, { canaries: hosts.filter(() => chance.is(0.3)) }),
  }
}

/** Limits that stay, and one time in which nobody begins. */
export function rulesOf(chance: Chance, hosts: readonly HostId[], nowMs: number): (ms: number) => FleetRules {
  const some = (): ReadonlySet<HostId> | null => (chance.is(0.3) ? null : new Set(hosts.filter(() => chance.is(0.6))))
  const limits = chance.is(0.4) ? [{ words: 'at most so many', members: some(), most: chance.between(1, 3) }] : []
  const closed = { says: 'it is frozen', members: some() }
  const fromMs = chance.is(0.2) ? nowMs + chance.between(5, 40) * minuteMs : Number.POSITIVE_INFINITY
  const untilMs = fromMs + chance.between(1, 40) * minuteMs
  return (ms) => ({ limits, closed: fromMs <= ms && ms < untilMs ? [closed] : [] })
}

function windowAt(fromMs: number, forMs: number) {
  const clock = (ms: number): string => new Date(ms).toISOString().slice(11, 16)
  return { days: ['sat' as const], from: clock(fromMs), to: clock(fromMs + forMs), zone: 'UTC' }
}
