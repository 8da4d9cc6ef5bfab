/**
 * Who may approve on this host: `/etc/fleetmend/approvers`, read anew for each apply, so that a change takes effect at
 * once. It counts only while nobody but root could have written it.
 */
import { problem, readApprovers, type Approvers, type Problem } from '@fleetmend/shared'
import type { FileFacts, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'

const approversFolder = '/etc/fleetmend'
export const approversPath = `${approversFolder}/approvers`

export type ApproversRead =
  | { readonly ok: true; readonly value: Approvers }
  | { readonly ok: false; readonly problem: Problem }

/** Ten thousand keys; a list longer than this is a mistake. */
const limitBytes = 4 * 1024 * 1024

export async function readApproversFile(host: Pick<ReadHost, 'stat' | 'readFile'>): Promise<ApproversRead> {
  const facts = await host.stat(approversPath)
  if (!facts.ok) {
    return facts.why === 'missing'
      ? refuse('there is none', howToMakeOne)
      : refuse(`it cannot be examined: ${facts.says}`)
  }
  // Whoever may write to the folder can put another file of root's in its place.
  const folder = await host.stat(approversFolder)
  if (!folder.ok) return refuse(`its folder cannot be examined: ${folder.says}`)
  const distrust = whyNotTrusted(facts.value, 'file', 'it') ?? whyNotTrusted(folder.value, 'directory', 'its folder')
  if (distrust !== null) return refuse(distrust, howToOwnIt)
  const read = await host.readFile(approversPath, limitBytes)
  return read.ok ? { ok: true, value: readApprovers(textOf(read.value)) } : refuse(`it cannot be read: ${read.says}`)
}

function whyNotTrusted({ kind, mode, uid }: FileFacts, expected: FileFacts['kind'], what: string): string | null {
  if (kind !== expected) return `${what} is not a regular ${expected}`
  if (uid !== 0) return `${what} belongs to user ${uid}`
  return (mode & 0o022) === 0
    ? null
    : `others than root may write to ${what} (mode ${mode.toString(8).padStart(4, '0')})`
}

const howToOwnIt = `Make both root's alone:\n    chown root:root ${approversFolder} ${approversPath}\n    chmod 0755 ${approversFolder}\n    chmod 0644 ${approversPath}`

const howToMakeOne = `Put the public keys of those who may approve into it, one person a line, as for ssh-keygen -Y verify:\n    olivia ssh-ed25519 AAAA…`

function refuse(why: string, toDo = 'Look at it on this host.'): ApproversRead {
  const says = `Cannot apply: this host takes approvals only from those in ${approversPath}, and ${why}.`
  return { ok: false, problem: problem('not-approved', `${says}\n\n${toDo}`) }
}
