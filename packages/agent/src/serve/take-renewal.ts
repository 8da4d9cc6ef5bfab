/** What is taken for a renewal of a certificate: the same key and name, by an authority that is trusted, and a later end. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { Renewed } from '@fleetmend/shared/protocol/fleet-line'
import type { Identity } from '../state/identity.ts'
import { whatIsWrong } from './issued-certificate.ts'
import { trustFrom } from './trusted-authorities.ts'

export type Renewal = { readonly ok: true; readonly identity: Identity } | { readonly ok: false; readonly says: string }

export function takeRenewal(identity: Identity, answer: unknown, nowMs: number): Renewal {
  const parsed = Renewed.safeParse(answer)
  if (!parsed.success) return { ok: false, says: 'its answer has no such form' }
  const { certificate, authorities } = parsed.data
  const trusted = authorities
    ? trustFrom(identity.authority, authorities)
    : { ok: true as const, authority: identity.authority }
  if (!trusted.ok) return trusted
  const publicKey = createPublicKey(createPrivateKey(identity.key))
  const { authority } = trusted
  const wrong = whatIsWrong({ ...identity, certificate }, identity.host, publicKey, authority)
  if (wrong !== null) return { ok: false, says: wrong }
  // Its own words, not those beside it.
  const expiresMs = Date.parse(new X509Certificate(certificate).validTo)
  if (expiresMs < Date.parse(identity.expiresAt))
    return { ok: false, says: 'it ends before the one that it is to replace' }
  const life = { issuedAt: new Date(nowMs).toISOString(), expiresAt: new Date(expiresMs).toISOString() }
  return { ok: true, identity: { ...identity, certificate, authority, ...life } }
}
