/**
 * Who is at the other end: read from its certificate, never from a message. That it has the key of the certificate is
 * proven by the handshake (RFC 8446 section 4.4.3); everything else about it is judged here, in one place.
 */
import type { X509Certificate } from 'node:crypto'
import { HostId, problem, type Digest, type Problem, type ProblemCode } from '@fleetmend/shared'
import { keyFingerprint } from './agent-key.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import { fleetUri } from './signing-authority.ts'

export interface KnownPeer {
  readonly host: HostId
  readonly keyFingerprint: Digest
}

export type HostIdentified =
  | { readonly ok: true; readonly value: KnownPeer }
  | { readonly ok: false; readonly problem: Problem }

export interface JudgedAt {
  readonly nowMs: number
  /** How long ago it may have run out; 0 for whoever wants more than a new one. */
  readonly graceMs: number
}

/** Extended key usage (RFC 5280 section 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2'

export function hostIdentity(
  certificate: X509Certificate | undefined,
  authority: Pick<CertificateAuthority, 'fleet' | 'issuerOf'>,
  { nowMs, graceMs }: JudgedAt,
): HostIdentified {
  if (certificate === undefined)
    return refuse('no-certificate', 'A certificate of this fleet is needed, and none was shown.')
  const { fleet } = authority
  // By our own keys and not by what the handshake says: it does not take an authority that is below another one.
  if (authority.issuerOf(certificate) === null)
    return refuse('foreign-certificate', `The certificate is not by the authority of the fleet ${fleet}.`)
  const names = certificate.subjectAltName ?? ''
  const prefix = `URI:${fleetUri(fleet)}/`
  // The whole text and nothing beside it: a second name could say something else to somebody else.
  const host = names.startsWith(prefix) ? HostId.safeParse(names.slice(prefix.length)) : null
  if (!host?.success || certificate.ca || !certificate.keyUsage?.includes(clientAuth))
    return refuse('foreign-certificate', `The certificate is not that of a host of the fleet ${fleet}.`)
  if (nowMs < Date.parse(certificate.validFrom))
    return refuse(
      'certificate-expired',
      `The certificate is good from ${certificate.validFrom} on, and here it is ${new Date(nowMs).toISOString()}. Compare the clocks.`,
    )
  if (nowMs >= Date.parse(certificate.validTo) + graceMs)
    return graceMs === 0
      ? refuse('certificate-expired', `The certificate was good until ${certificate.validTo}.`)
      : refuse(
          'certificate-too-old',
          `The certificate was good until ${certificate.validTo}, which is more than ${days(graceMs)} ago.`,
        )
  return { ok: true, value: { host: host.data, keyFingerprint: keyFingerprint(certificate.publicKey) } }
}

function days(ms: number): string {
  const count = Math.floor(ms / (24 * 60 * 60_000))
  return count === 1 ? 'a day' : `${count} days`
}

function refuse(code: ProblemCode, detail: string): HostIdentified {
  return { ok: false, problem: problem(code, detail) }
}
