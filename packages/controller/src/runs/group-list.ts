/**
 * The change groups of a run, in the order in which they are worked on, whatever the order in which hosts answered: the change
 * that most hosts wait for first. A group is found and put there without going through all of them, as every host may be one.
 */
import type { ChangeGroup, Digest, Plan, Run } from '@fleetmend/shared'
import { changeLog } from './change-log.ts'

export function groupOf({ groups }: Pick<Run, 'groups'>, key: Digest): ChangeGroup | null {
  return byKey(groups).get(key) ?? null
}

/** With one more host. Within a group they stand by id. */
export function withPlan(groups: readonly ChangeGroup[], key: Digest, { host, remediations }: Plan): ChangeGroup[] {
  const known = byKey(groups).get(key)
  const group: ChangeGroup = known
    ? { ...known, hosts: withHost(known.hosts, host) }
    : { key, hosts: [host], remediations: remediations.map(({ id, input }) => ({ id, input })), promoted: null }
  const others = known ? groups.toSpliced(placeOf(groups, known), 1) : groups
  const after = others.toSpliced(placeOf(others, group), 0, group)
  log.note(groups, after, known ? [] : [key])
  return handOn(groups, after, group)
}

/** With this one in the place of the one with the same key and hosts. */
export function withGroup(groups: readonly ChangeGroup[], group: ChangeGroup): ChangeGroup[] {
  const after = groups.with(placeOf(groups, group), group)
  log.note(groups, after, [group.key])
  orders.set(after, orderOf(groups))
  return handOn(groups, after, group)
}

/** The keys, in no order, of those of a later list that say something else. Which hosts are in it, each host says itself. */
export function groupsChanged(before: readonly ChangeGroup[], after: readonly ChangeGroup[]): readonly Digest[] {
  const named = log.between(before, after)
  if (named !== null) return [...new Set(named)]
  const was = byKey(before)
  return after.flatMap((group) => (was.get(group.key) === group ? [] : group.key))
}

/** The same of two lists in which every group has the same place. */
export function orderOf(groups: readonly ChangeGroup[]): object {
  const known = orders.get(groups)
  if (known) return known
  const order = {}
  orders.set(groups, order)
  return order
}

/** Where it is, or belongs. */
export function placeOf(groups: readonly ChangeGroup[], group: ChangeGroup): number {
  let [low, high] = [0, groups.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    const at = groups[middle]
    if (at && inOrder(at, group) < 0) low = middle + 1
    else high = middle
  }
  return low
}

/** No host is in two of them. */
export function inOrder(a: ChangeGroup, b: ChangeGroup): number {
  const [firstOfA = '', firstOfB = ''] = [a.hosts[0], b.hosts[0]]
  return b.hosts.length - a.hosts.length || Number(firstOfA > firstOfB) - Number(firstOfA < firstOfB)
}

const log = changeLog<ChangeGroup, Digest>()
const orders = new WeakMap<readonly ChangeGroup[], object>()
const indices = new WeakMap<readonly ChangeGroup[], Map<Digest, ChangeGroup>>()

/** What follows from the list alone: made once, and carried on from list to list. */
function byKey(groups: readonly ChangeGroup[]): ReadonlyMap<Digest, ChangeGroup> {
  const known = indices.get(groups)
  if (known) return known
  const index = new Map(groups.map((group) => [group.key, group]))
  indices.set(groups, index)
  return index
}

/** Not copied: whoever asks about the list before once more has it made anew. */
function handOn(before: readonly ChangeGroup[], after: ChangeGroup[], group: ChangeGroup): ChangeGroup[] {
  const index = indices.get(before)
  if (index) {
    indices.delete(before)
    indices.set(after, index.set(group.key, group))
  }
  return after
}

/** Most hosts of a fleet answer after one another, so that the place is near the end. */
function withHost(hosts: readonly string[], host: string): string[] {
  return hosts.toSpliced(hosts.findLastIndex((each) => each < host) + 1, 0, host)
}
