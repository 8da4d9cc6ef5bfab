/** The host's chain as others may read it: its records from a number on, and its end, signed by this host. */
import { createPrivateKey, createPublicKey, sign } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import { AuditRecord, headBytes, type AuditHead, type SignedHead } from '@fleetmend/shared'
import { readMembership } from '../state/identity.ts'
import type { StateFolder } from '../state/state-folder.ts'
import { listSegments, readEnd, wholeLines } from './segments.ts'

/** In order, from a number on; fewer where the oldest are gone. Lines that are no records are left out, which shows. */
export async function readRecords(
  { audit: folder }: Pick<StateFolder, 'audit'>,
  from: number,
  limit: number,
): Promise<readonly AuditRecord[]> {
  const names = await listSegments(folder)
  const records: AuditRecord[] = []
  for (const [index, name] of names.entries()) {
    const next = names[index + 1]
    if (next !== undefined && Number.parseInt(next, 10) <= from) continue
    for (const line of wholeLines(await readFile(join(folder, name))).lines) {
      const record = readLine(line)
      if (record === null || record.sequence < from) continue
      records.push(record)
      if (records.length >= limit) return records
    }
  }
  return records
}

/** Null: this host is of no fleet, or has nothing on record yet. */
export async function signedHead(
  state: Pick<StateFolder, 'audit' | 'sealed'>,
  nowMs: number,
): Promise<SignedHead | null> {
  const identity = readMembership(state)
  const end = (await readEnd(state.audit))?.end ?? null
  if (!identity.ok || identity.value === null || end === null) return null
  const { host, fleet, key } = identity.value
  const head: AuditHead = { format: 'fleetmend.audit-head/1', host, fleet, ...end, at: new Date(nowMs).toISOString() }
  const privateKey = createPrivateKey(key)
  const publicKey = createPublicKey(privateKey).export({ format: 'der', type: 'spki' }).toString('base64')
  const algorithm = privateKey.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return { head, publicKey, signature: sign(algorithm, headBytes(head), privateKey).toString('base64') }
}

function readLine(line: string): AuditRecord | null {
  try {
    const parsed = AuditRecord.safeParse(JSON.parse(line))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
