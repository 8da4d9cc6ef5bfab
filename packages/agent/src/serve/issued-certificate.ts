/** What an authority issued, held against what was asked of it. */
import { X509Certificate, type KeyObject } from 'node:crypto'
import type { Enrolled, HostId } from '@fleetmend/shared'

/** As a clause; null when this is a certificate for this host and this key by the pinned authority. */
export function whatIsWrong(
  { certificate, host, fleet }: Pick<Enrolled, 'certificate' | 'host' | 'fleet'>,
  expected: HostId,
  publicKey: KeyObject,
  authority: string,
): string | null {
  if (host !== expected) return `it names ${host}, and this host is ${expected}`
  const issuer = new X509Certificate(authority)
  const issued = readCertificate(certificate)
  if (issued === null) return 'it holds no certificate'
  if (!issued.publicKey.equals(publicKey)) return 'the certificate is for another key'
  if (!issued.verify(issuer.publicKey)) return 'the certificate is not by the authority of the join token'
  if (issued.subjectAltName !== `URI:fleetmend://${fleet}/${host}`) return 'the certificate is for another name'
  return null
}

function readCertificate(pem: string): X509Certificate | null {
  try {
    return new X509Certificate(pem)
  } catch {
    return null
  }
}
