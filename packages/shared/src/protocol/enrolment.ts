/**
 * How a host becomes known: it shows its join token, its public key, and that it has the private key. The private key
 * never leaves the host.
 */
import { createHash } from 'node:crypto'
import * as z from 'zod/mini'
import { canonicalBytes } from '../digest.ts'
import { Labels } from '../model/host-record.ts'
import { Digest, HostId, Instant } from '../model/ids.ts'
import { VouchedAuthorities } from './fleet-line.ts'

export const EnrolRequest = z.strictObject({
  host: HostId,
  secret: z.string().check(z.maxLength(64), z.describe('From the join token.')),
  publicKey: z.base64().check(z.maxLength(1024), z.describe('SubjectPublicKeyInfo in DER: a P-256 or an Ed25519 key.')),
  signature: z
    .base64()
    .check(
      z.maxLength(1024),
      z.describe('Of the bytes of `enrolmentChallenge`, by that key; ECDSA with SHA-256 in DER.'),
    ),
  os: z.nullable(z.string().check(z.maxLength(200))),
  agentVersion: z.nullable(z.string().check(z.maxLength(50))),
})
export type EnrolRequest = z.infer<typeof EnrolRequest>

export const Enrolled = z.strictObject({
  host: HostId,
  fleet: z.string(),
  labels: Labels,
  certificate: z.string().check(z.describe('PEM.')),
  authority: z
    .string()
    .check(z.describe("PEM of the controller's authority; its digest is the fingerprint in the join token.")),
  authorities: z.exactOptional(VouchedAuthorities),
  certificateFingerprint: Digest,
  expiresAt: Instant,
})
export type Enrolled = z.infer<typeof Enrolled>

/**
 * What a host signs to show that it has the private key. Bound to the token, the key and the name, so that the proof
 * is good for nothing else; a token is good once, so it cannot be played again.
 */
export function enrolmentChallenge({
  host,
  secret,
  publicKey,
}: Pick<EnrolRequest, 'host' | 'secret' | 'publicKey'>): Buffer {
  return canonicalBytes({
    purpose: 'fleetmend-enrolment@v1',
    host,
    key: sha256(Buffer.from(publicKey, 'base64')),
    token: sha256(Buffer.from(secret, 'utf8')),
  })
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex')
}
