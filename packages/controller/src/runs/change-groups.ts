/**
 * Which hosts' plans are the same change. Plans of two hosts always differ (host, nonce, HMACs); they are one change to
 * an approver when what is done, shown and set in motion is the same. Pure.
 */
import { digestOf, isFileChange, type Digest, type FileState, type Plan } from '@fleetmend/shared'

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

/** Who may read a file afterwards is part of the change, though no line of the diff shows it. */
function attributes(state: FileState | null): object | null {
  return state && { mode: state.mode, owner: state.owner, group: state.group }
}
