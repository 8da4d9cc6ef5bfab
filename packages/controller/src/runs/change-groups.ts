/**
 * Which hosts' plans are the same change. Plans of two hosts always differ (host, nonce, HMACs); they are one change to
 * an approver when what is done, shown and set in motion is the same. Pure.
 */
import { digestOf, isFileChange, type ChangeGroup, type Digest, type FileState, type Plan } from '@fleetmend/shared'

/** The digest of what a plan has in common with the plans of its group. */
export function changeGroupKey({ remediations, changes, acts, watchMs }: Plan): Digest {
  return digestOf({
    remediations: remediations.map(({ id, input }) => ({ id, input })),
    // Line numbers and surrounding lines are part of a diff: files that differ there are not judged as one.
    changes: changes.map((change) =>
      isFileChange(change) ? { ...change, before: attributes(change.before), after: attributes(change.after) } : change,
    ),
    acts,
    watchMs,
  })
}

/**
 * The groups with one more host. They stand in the order in which they are worked on, whatever the order in which hosts
 * answered: the change that most hosts wait for first, and within a group hosts by id.
 */
export function withPlan(groups: readonly ChangeGroup[], plan: Plan): ChangeGroup[] {
  const key = changeGroupKey(plan)
  const known = groups.find((group) => group.key === key)
  const group: ChangeGroup = known
    ? { ...known, hosts: withHost(known.hosts, plan.host) }
    : {
        key,
        hosts: [plan.host],
        remediations: plan.remediations.map(({ id, input }) => ({ id, input })),
        promoted: null,
      }
  return [...groups.filter((each) => each !== known), group].toSorted(
    (a, b) => b.hosts.length - a.hosts.length || (firstOf(a) < firstOf(b) ? -1 : 1),
  )
}

/** Most hosts of a fleet answer after one another, so that the place is near the end. */
function withHost(hosts: readonly string[], host: string): string[] {
  return hosts.toSpliced(hosts.findLastIndex((each) => each < host) + 1, 0, host)
}

/** Who may read a file afterwards is part of the change, though no line of the diff shows it. */
function attributes(state: FileState | null): object | null {
  return state && { mode: state.mode, owner: state.owner, group: state.group }
}

function firstOf({ hosts }: ChangeGroup): string {
  return hosts[0] ?? ''
}
