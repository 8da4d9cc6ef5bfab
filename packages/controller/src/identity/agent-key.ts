/** The public keys of hosts: which kinds there are, and the fingerprint by which a host is known however often its certificate is renewed. */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import type { Digest } from '@fleetmend/shared'

/** Of the key alone, so that it stays the same when a certificate is renewed; in the one encoding that Node writes. */
export function keyFingerprint(publicKey: KeyObject): Digest {
  return sha256(spkiOf(publicKey))
}

/** The kinds of keys that agents make, P-256 and Ed25519; null for anything else. */
export function readAgentKey(publicKey: Uint8Array): KeyObject | null {
  try {
    const key = createPublicKey({ key: Buffer.from(publicKey), format: 'der', type: 'spki' })
    const known =
      key.asymmetricKeyType === 'ed25519' ||
      (key.asymmetricKeyType === 'ec' && key.asymmetricKeyDetails?.namedCurve === 'prime256v1')
    return known ? key : null
  } catch {
    return null
  }
}

export function spkiOf(key: KeyObject): Buffer {
  return key.export({ format: 'der', type: 'spki' })
}

export function sha256(bytes: ArrayBuffer | Uint8Array): Digest {
  return `sha256:${createHash('sha256').update(new Uint8Array(bytes)).digest('hex')}`
}
