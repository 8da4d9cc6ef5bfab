/** What is taken for a renewal of a certificate: the same key, name and authority, and a later end. */
import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { Renewed } from '@fleetmend/shared/protocol/fleet-line'
import type { Identity } from '../state/identity.ts'
import { whatIsWrong } from './issued-certificate.ts'

export type Renewal = { readonly ok: true; readonly identity: Identity } | { readonly ok: false; readonly says: string }

export function takeRenewal(identity: Identity, answer: unknown, nowMs: number): Renewal {
  const parsed = Renewed.safeParse(answer)
  if (!parsed.success) return { ok: false, says: 'its answer has no such form' }
  const { certificate } = parsed.data
  const publicKey = createPublicKey(createPrivateKey(identity.key))
  const wrong = whatIsWrong({ ...identity, certificate }, identity.host, publicKey, identity.authority)
  if (wrong !== null) return { ok: false, says: wrong }
  // Its own words, not those beside it.
  const expiresAt = new Date(new X509Certificate(certificate).validTo).toISOString()
  return { ok: true, identity: { ...identity, certificate, issuedAt: new Date(nowMs).toISOString(), expiresAt } }
}
