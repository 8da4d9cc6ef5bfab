/** Who is at the other end: read from the certificate that was checked against the fleet's authority, never from a message. */
import type { X509Certificate } from 'node:crypto'
import { HostId, type Digest } from '@fleetmend/shared'
import { fleetUri, keyFingerprint } from './certificate-authority.ts'

export type HostIdentified =
  | { readonly ok: true; readonly host: HostId; readonly keyFingerprint: Digest }
  | { readonly ok: false; readonly says: string }

export function hostIdentity(
  { subjectAltName, publicKey }: Pick<X509Certificate, 'subjectAltName' | 'publicKey'>,
  fleet: string,
): HostIdentified {
  const names = subjectAltName ?? ''
  const prefix = `URI:${fleetUri(fleet)}/`
  // The whole text and nothing beside it: a second name could say something else to somebody else.
  const host = names.startsWith(prefix) ? HostId.safeParse(names.slice(prefix.length)) : null
  if (!host?.success) return { ok: false, says: `The certificate is not that of a host of the fleet ${fleet}.` }
  return { ok: true, host: host.data, keyFingerprint: keyFingerprint(publicKey) }
}
