/** Asks the controller for a new certificate, and keeps it where it is one. Loaded when it is time: once in many hours. */
import { createHash } from 'node:crypto'
import type { Digest } from '@fleetmend/shared'
import type { Peer } from '@fleetmend/shared/wire/peer'
import type { Identity } from '../state/identity.ts'
import { takeRenewal } from './take-renewal.ts'
import { certificatesIn } from './trusted-authorities.ts'

export interface AskRenewal {
  readonly peer: Peer
  readonly identity: Identity
  /** On disk before it counts. */
  readonly keep: (renewed: Identity) => Promise<void>
  readonly nowMs: number
}

export type Asked = { readonly ok: true; readonly until: string } | { readonly ok: false; readonly says: string }

/** Throws what the call throws. */
export async function askRenewal({ peer, identity, keep, nowMs }: AskRenewal): Promise<Asked> {
  const renewal = takeRenewal(identity, await peer.mutation('renew'), nowMs)
  if (!renewal.ok) return renewal
  const renewed = renewal.identity
  await keep(renewed)
  const authorities = certificatesIn(renewed.authority).map(({ raw }) => fingerprintOf(raw))
  // It waits for this before it drops the old one. That it did not hear it now is no harm: it is told each time.
  if (authorities.length > 1) await peer.mutation('trusts', { authorities }).catch(() => undefined)
  return { ok: true, until: renewed.expiresAt }
}

function fingerprintOf(der: Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(der).digest('hex')}`
}
