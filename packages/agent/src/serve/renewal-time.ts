/** When a certificate is renewed. */
import { X509Certificate } from 'node:crypto'
import type { Identity } from '../state/identity.ts'

/**
 * At about two thirds of its life: a controller may be away for the last third and nothing is lost. Each certificate at
 * another moment, so that hosts that enrolled at once do not renew at once; from its own bytes, so that it stays the same
 * when the agent is started again.
 */
export function renewAtMs({ issuedAt, certificate }: Pick<Identity, 'issuedAt' | 'certificate'>): number {
  const { validFrom, validTo } = new X509Certificate(certificate)
  const share = earliestShare + spreadShare * fractionOf(certificate)
  // How long it lasts, from when it came: the clock of the controller may say something else than that of this host.
  return Date.parse(issuedAt) + Math.round((Date.parse(validTo) - Date.parse(validFrom)) * share)
}

const earliestShare = 0.6
const spreadShare = 0.1

/** In [0, 1), by FNV-1a: it need only spread, nobody gains by guessing it. */
function fractionOf(text: string): number {
  let hash = 0x811c9dc5
  for (let index = 0; index < text.length; index++) hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193)
  return (hash >>> 0) / 2 ** 32
}
