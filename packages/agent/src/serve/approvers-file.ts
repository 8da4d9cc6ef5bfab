/**
 * Who may approve on this host: `/etc/fleetmend/approvers`, read anew for each apply, so that a change takes effect at
 * once. It counts only while nobody but root could have written it.
 */
import { problem, readApprovers, type Approvers, type Problem } from '@fleetmend/shared'
import type { ReadHost } from '../host/host.ts'
import { readRootsFile } from '../policy/roots-file.ts'

export const approversPath = '/etc/fleetmend/approvers'

export type ApproversRead =
  | { readonly ok: true; readonly value: Approvers }
  | { readonly ok: false; readonly problem: Problem }

/** Ten thousand keys; a list longer than this is a mistake. */
const limitBytes = 4 * 1024 * 1024

const toDo = {
  missing: `Put the public keys of those who may approve into it, one person a line, as for ssh-keygen -Y verify:\n    olivia ssh-ed25519 AAAA…`,
  unreadable: 'Look at it on this host.',
}

export async function readApproversFile(host: Pick<ReadHost, 'stat' | 'readFile'>): Promise<ApproversRead> {
  const file = await readRootsFile(host, approversPath, limitBytes)
  if (file.ok) return { ok: true, value: readApprovers(file.text) }
  const says = `Cannot apply: this host takes approvals only from those in ${approversPath}, and ${file.says}.`
  return {
    ok: false,
    problem: problem('approvers-unusable', `${says}\n\n${file.why === 'distrusted' ? file.toDo : toDo[file.why]}`),
  }
}
