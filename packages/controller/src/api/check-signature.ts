/** Whose approval a signature is, by the controller's own list. The hosts ask the same question again, of theirs. */
import { readFile, stat } from 'node:fs/promises'
import {
  APPROVAL_NAMESPACE,
  manifestBytes,
  problem,
  readApprovers,
  verifySshSignature,
  type Manifest,
  type RunApproval,
} from '@fleetmend/shared'
import type { Answer } from './controller-service.ts'

export async function checkSignature(
  approversPath: string,
  manifest: Manifest,
  signature: string,
  nowMs: number,
): Promise<Answer<RunApproval>> {
  const verified = verifySshSignature(signature, manifestBytes(manifest), APPROVAL_NAMESPACE)
  if (!verified.ok) return refuse(`The signature does not count: ${verified.says}.`)
  const list = await readList(approversPath)
  if (!list.ok) return list
  const { fingerprint } = verified.signer
  const approver = list.value.approvers.find((each) => each.fingerprint === fingerprint)
  if (!approver)
    return refuse(
      `The key ${fingerprint} is not in ${approversPath}. Sign with a key that is, or add its owner there and on the hosts.`,
    )
  const { principal, namespaces, validAfterMs, validBeforeMs } = approver
  const isFor = namespaces === null || namespaces.includes(APPROVAL_NAMESPACE)
  const isValid = (validAfterMs ?? -Infinity) <= nowMs && nowMs <= (validBeforeMs ?? Infinity)
  if (!isFor || !isValid)
    return refuse(`By ${approversPath} the key of ${principal} is not for approvals at this time.`)
  return { ok: true, value: { principal, fingerprint, signature, at: new Date(nowMs).toISOString() } }
}

async function readList(path: string): Promise<Answer<ReturnType<typeof readApprovers>>> {
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
  return { ok: false, problem: problem('not-approved', detail) }
}
