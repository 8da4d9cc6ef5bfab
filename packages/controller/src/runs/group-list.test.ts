import type { ChangeGroup } from '@fleetmend/shared'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { planOf } from '../../test/sample-run.ts'
import { changeGroupKey } from './change-groups.ts'
import { groupOf, groupsChanged, withGroup, withPlan } from './group-list.ts'

const hosts = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'] as const
const changes = ['raise', 'lower', 'restart', 'undo'] as const

const withHost = (groups: readonly ChangeGroup[], host: string, change: string): readonly ChangeGroup[] => {
  const { plan } = planOf(host, change)
  return withPlan(groups, changeGroupKey(plan), plan)
}

test('the change that most hosts need comes first, then the one with the first host, in whatever order they answer', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(...changes), { minLength: hosts.length, maxLength: hosts.length }),
      fc.shuffledSubarray([...hosts]),
      (wanted, answering) => {
        let groups: readonly ChangeGroup[] = []
        for (const host of answering) groups = withHost(groups, host, wanted[hosts.indexOf(host)] ?? 'raise')
        const sorted = [...Map.groupBy(answering.toSorted(), (host) => wanted[hosts.indexOf(host)]).values()].toSorted(
          (a, b) => b.length - a.length || (a[0]! < b[0]! ? -1 : 1),
        )
        expect(groups.map((group) => group.hosts)).toEqual(sorted)
      },
    ),
  )
})

test('what changed from one list to a later one is told, also where nobody noted it', () => {
  const first = hosts.reduce(
    (groups: readonly ChangeGroup[], host, n) => withHost(groups, host, changes[n % 3] ?? 'raise'),
    [],
  )
  const [one, other] = [first[1]!, first[2]!]
  const second = withGroup(first, { ...one, promoted: { by: 'ana', at: '2026-11-21T03:14:55.000Z', wave: 1 } })
  const third = withGroup(second, { ...other, promoted: { by: 'ana', at: '2026-11-21T03:14:55.000Z', wave: 1 } })
  expect(groupsChanged(first, second)).toEqual([one.key])
  expect(groupsChanged(first, third)).toEqual([one.key, other.key])
  expect(groupsChanged(second, [...third])).toEqual([other.key])
  // Of what came of it, the list before says nothing.
  expect(groupsChanged(third, first).toSorted()).toEqual([one.key, other.key].toSorted())
  expect([first, second, third].map((groups) => groupOf({ groups: [...groups] }, one.key)?.promoted?.by)).toEqual([
    undefined,
    'ana',
    'ana',
  ])
})
