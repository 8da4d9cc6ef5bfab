/**
 * Which authorities this host trusts from now on: those that its controller names, as far as each is one that it trusts
 * already, or is vouched for by one. So a new one comes in only with the key of the one before, never by a message alone.
 */
import { X509Certificate } from 'node:crypto'
import type { VouchedAuthority } from '@fleetmend/shared'

/** PEM, one certificate after another. */
export type Trusted = { readonly ok: true; readonly authority: string } | { readonly ok: false; readonly says: string }

export function trustFrom(known: string, offered: readonly VouchedAuthority[]): Trusted {
  const before = certificatesIn(known)
  const after: X509Certificate[] = []
  for (const { certificate, vouched } of offered) {
    const [one, ...more] = certificatesIn(certificate)
    if (!one || more.length > 0) return refuse('an authority of its answer is no certificate')
    const [voucher] = certificatesIn(vouched ?? '')
    const isKnown = before.some(({ raw }) => raw.equals(one.raw))
    if (!isKnown && !(voucher && vouchesFor(before, voucher, one)))
      return refuse('no authority that this host trusts vouches for the new one')
    after.push(one)
  }
  return { ok: true, authority: after.map(String).join('') }
}

export function certificatesIn(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? []
  return blocks.flatMap((block) => {
    try {
      return [new X509Certificate(block)]
    } catch {
      return []
    }
  })
}

function vouchesFor(known: readonly X509Certificate[], voucher: X509Certificate, other: X509Certificate): boolean {
  return (
    other.ca &&
    voucher.ca &&
    voucher.publicKey.equals(other.publicKey) &&
    known.some((each) => voucher.verify(each.publicKey))
  )
}

function refuse(says: string): Trusted {
  return { ok: false, says }
}
