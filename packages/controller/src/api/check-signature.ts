/** Whose a signature is, by the controller's own list. The hosts ask the same question again, of theirs. */
import { readFile, stat } from 'node:fs/promises'
import { problem, readApprovers, readVote, type Approvers, type RunApproval, type Signable } from '@fleetmend/shared'
import type { Answer } from './controller-service.ts'

export async function checkSignature(
  approversPath: string,
  signable: Signable,
  signature: string,
  nowMs: number,
): Promise<Answer<RunApproval>> {
  const list = await readList(approversPath)
  if (!list.ok) return list
  const vote = readVote(signature, signable, list.value, nowMs)
  if (!vote.ok) {
    const toDo =
      vote.code === 'approver-unknown' ? ' Sign with a key that is, or add its owner there and on the hosts.' : ''
    const says = `The signature does not count: ${vote.says}, by ${approversPath}.${toDo}`
    return { ok: false, problem: problem(vote.code, says) }
  }
  const { principal, fingerprint } = vote.approver
  return { ok: true, value: { principal, fingerprint, signature, at: new Date(nowMs).toISOString() } }
}

export async function readList(path: string): Promise<Answer<Approvers>> {
  try {
    const { mode, uid } = await stat(path)
    if (uid !== 0 && uid !== process.getuid?.())
      return refuse(`${path} belongs to user ${uid}, so nobody can rely on it.`)
    if ((mode & 0o022) !== 0)
      return refuse(`Others may write to ${path}, so nobody can rely on it:\n    chmod go-w ${path}`)
    return { ok: true, value: readApprovers(await readFile(path, 'utf8')) }
  } catch (error) {
    const why = error instanceof Error && 'code' in error ? String(error.code) : String(error)
    return refuse(
      `The list of approvers, ${path}, cannot be read (${why}). It holds a line for each person, as for ssh-keygen -Y verify:\n    olivia ssh-ed25519 AAAA…`,
    )
  }
}

function refuse(detail: string): Answer<never> {
  return { ok: false, problem: problem('approvers-unusable', detail) }
}
