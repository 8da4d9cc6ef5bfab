/** Notices that this host was enrolled again while it is served: whoever serves under the old name has to begin anew. */
import { watch } from 'node:fs'
import { dialsOut, readMembership, type Membership } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { identityFileName } from '../state/state-paths.ts'

/** Calls `changed` once. Returns what stops it. A renewed certificate is no change: the host is who it was. */
export function watchIdentity(
  state: StateFolder,
  known: Membership | null,
  changed: (now: Membership) => void,
): () => void {
  // The folder, not the file: it is replaced as a whole, and may not be there yet.
  const watcher = watch(state.sealed, (_event, name) => {
    if (name !== identityFileName) return
    const now = readMembership(state)
    if (!now.ok || now.value === null || isSame(now.value, known)) return
    watcher.close()
    changed(now.value)
  })
  // Out of inotify watches: then a person restarts the service, as after any change of it.
  watcher.on('error', () => watcher.close())
  return () => watcher.close()
}

/** A key is made anew at each enrolment. */
export function isSame(one: Membership, other: Membership | null): boolean {
  return one.key === other?.key && one.host === other.host && urlOf(one) === urlOf(other)
}

function urlOf(member: Membership): string | null {
  return dialsOut(member) ? member.url : null
}
