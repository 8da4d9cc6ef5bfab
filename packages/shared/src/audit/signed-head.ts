/**
 * Where a host's chain stands, signed by the host with the key of its enrolment. Whoever keeps it can tell later that
 * records are gone, or that the chain is another one: what was signed cannot be taken back.
 */
import { createHash, createPublicKey, verify } from 'node:crypto'
import * as z from 'zod/mini'
import { canonicalBytes } from '../digest.ts'
import { Digest, HostId, Instant } from '../model/ids.ts'

export const AuditHead = z.strictObject({
  format: z.literal('fleetmend.audit-head/1'),
  host: HostId,
  fleet: z.string().check(z.maxLength(64)),
  sequence: z.int().check(z.positive()),
  hash: Digest,
  at: Instant,
})
export type AuditHead = z.infer<typeof AuditHead>

export const SignedHead = z.strictObject({
  head: AuditHead,
  publicKey: z.base64().check(z.maxLength(1024), z.describe('SubjectPublicKeyInfo in DER: P-256 or Ed25519.')),
  signature: z
    .base64()
    .check(z.maxLength(1024), z.describe('Of the canonical bytes of `head`; ECDSA with SHA-256 in DER.')),
})
export type SignedHead = z.infer<typeof SignedHead>

/** What of a host's record does not fit what it signed before. It stays until a person has looked. */
export const HostAlarm = z.strictObject({
  code: z.string().check(z.maxLength(64)),
  at: Instant,
  says: z.string().check(z.maxLength(4000)),
})
export type HostAlarm = z.infer<typeof HostAlarm>

/** Exactly what is signed. Its format keeps it apart from everything else that the key signs. */
export function headBytes(head: AuditHead): Buffer {
  return canonicalBytes(head)
}

/** Whether the key that it names has signed it. Whose key that is, is another question. */
export function isSigned({ head, publicKey, signature }: SignedHead): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' })
    const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
    return verify(algorithm, headBytes(head), key, Buffer.from(signature, 'base64'))
  } catch {
    // Bytes that are no key, or a kind of key that cannot sign.
    return false
  }
}

/** As the controller names the key of a host: SHA-256 of its SubjectPublicKeyInfo. */
export function keyDigest(publicKey: string): Digest {
  return `sha256:${createHash('sha256').update(Buffer.from(publicKey, 'base64')).digest('hex')}`
}
