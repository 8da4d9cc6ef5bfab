/** When a certificate is renewed. */
import type { Identity } from '../state/identity.ts'

/** At two thirds of its life: a controller may be away for the last third and nothing is lost. */
export function renewAtMs({ issuedAt, expiresAt }: Pick<Identity, 'issuedAt' | 'expiresAt'>): number {
  const issuedMs = Date.parse(issuedAt)
  return issuedMs + ((Date.parse(expiresAt) - issuedMs) * 2) / 3
}
