/** What an authority issued, held against what was asked of it. */
import type { KeyObject } from 'node:crypto'
import type { Enrolled, HostId } from '@fleetmend/shared'
import { certificatesIn } from './trusted-authorities.ts'

/** As a clause; null when this is a certificate for this host and this key by an authority that is trusted. */
export function whatIsWrong(
  { certificate, host, fleet }: Pick<Enrolled, 'certificate' | 'host' | 'fleet'>,
  expected: HostId,
  publicKey: KeyObject,
  authority: string,
): string | null {
  if (host !== expected) return `it names ${host}, and this host is ${expected}`
  const [issued] = certificatesIn(certificate)
  if (!issued) return 'it holds no certificate'
  if (!issued.publicKey.equals(publicKey)) return 'the certificate is for another key'
  if (!certificatesIn(authority).some((issuer) => issued.verify(issuer.publicKey)))
    return 'the certificate is not by the authority of the join token'
  if (issued.subjectAltName !== `URI:fleetmend://${fleet}/${host}`) return 'the certificate is for another name'
  return null
}
