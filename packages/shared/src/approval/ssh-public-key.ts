/** SSH public keys of the kinds that may approve, from their wire form (RFC 4253, 5656, 8709, PROTOCOL.u2f). */
import { createHash, createPublicKey, type KeyObject } from 'node:crypto'
import { SshEncodingError, sshReader, type SshReader } from './ssh-wire.ts'

export interface SshPublicKey {
  /** As in an `authorized_keys` line, e.g. `ssh-ed25519`. */
  readonly type: SshKeyType
  /** `SHA256:…`, as `ssh-keygen -l` prints it: what names a key everywhere. */
  readonly fingerprint: string
  readonly blob: Buffer
  readonly key: KeyObject
  /** Of a hardware key: what it was made for, usually `ssh:`. Part of what such a key signs. */
  readonly application?: string
}

export type SshKeyRead =
  | { readonly ok: true; readonly value: SshPublicKey }
  | { readonly ok: false; readonly says: string }

const keyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
  'sk-ssh-ed25519@openssh.com',
  'sk-ecdsa-sha2-nistp256@openssh.com',
] as const
export type SshKeyType = (typeof keyTypes)[number]

const curves = {
  nistp256: { crv: 'P-256', coordinateBytes: 32 },
  nistp384: { crv: 'P-384', coordinateBytes: 48 },
  nistp521: { crv: 'P-521', coordinateBytes: 66 },
} as const

/** Below, RSA is no longer trusted for signatures (NIST SP 800-131A). */
const MIN_RSA_BITS = 2048
/** As in OpenSSH: a bigger key only costs time. */
const MAX_RSA_BITS = 16_384

export function readSshPublicKey(blob: Buffer): SshKeyRead {
  try {
    const reader = sshReader(blob)
    const type = reader.name()
    if (!isKeyType(type)) return { ok: false, says: `keys of type ${type} are not accepted` }
    const parts = readParts(type, reader)
    reader.end()
    const fingerprint = `SHA256:${createHash('sha256').update(blob).digest('base64').replace(/=+$/, '')}`
    return { ok: true, value: { type, fingerprint, blob, ...parts } }
  } catch (error) {
    if (error instanceof SshEncodingError) return { ok: false, says: `the key cannot be read: ${error.message}` }
    // What OpenSSL refuses, e.g. a point that is not on its curve.
    return { ok: false, says: 'the key is not valid' }
  }
}

function isKeyType(type: string): type is SshKeyType {
  return keyTypes.some((known) => known === type)
}

function readParts(type: SshKeyType, reader: SshReader): Pick<SshPublicKey, 'key' | 'application'> {
  switch (type) {
    case 'ssh-ed25519':
      return { key: ed25519Key(reader) }
    case 'sk-ssh-ed25519@openssh.com':
      return { key: ed25519Key(reader), application: reader.name() }
    case 'ecdsa-sha2-nistp256':
      return { key: ecdsaKey('nistp256', reader) }
    case 'ecdsa-sha2-nistp384':
      return { key: ecdsaKey('nistp384', reader) }
    case 'ecdsa-sha2-nistp521':
      return { key: ecdsaKey('nistp521', reader) }
    case 'sk-ecdsa-sha2-nistp256@openssh.com':
      return { key: ecdsaKey('nistp256', reader), application: reader.name() }
    case 'ssh-rsa':
      return { key: rsaKey(reader) }
  }
}

function ed25519Key(reader: SshReader): KeyObject {
  const point = reader.string()
  if (point.length !== 32) throw new SshEncodingError('the key does not have 32 bytes')
  return publicKey({ kty: 'OKP', crv: 'Ed25519', x: point.toString('base64url') })
}

function ecdsaKey(curve: keyof typeof curves, reader: SshReader): KeyObject {
  const { crv, coordinateBytes } = curves[curve]
  if (reader.name() !== curve) throw new SshEncodingError('the curve is not the one of its type')
  const point = reader.string()
  // Uncompressed form only (SEC 1 section 2.3.3); OpenSSH writes no other.
  if (point.length !== 1 + 2 * coordinateBytes || point[0] !== 4)
    throw new SshEncodingError('the point has another form')
  const x = point.subarray(1, 1 + coordinateBytes).toString('base64url')
  const y = point.subarray(1 + coordinateBytes).toString('base64url')
  return publicKey({ kty: 'EC', crv, x, y })
}

function rsaKey(reader: SshReader): KeyObject {
  const exponent = reader.positiveMpint()
  const modulus = reader.positiveMpint()
  const bits = modulus.length * 8 - Math.clz32(modulus[0] ?? 0) + 24
  if (bits < MIN_RSA_BITS) throw new SshEncodingError(`RSA keys need ${MIN_RSA_BITS} bits, this one has ${bits}`)
  if (bits > MAX_RSA_BITS) throw new SshEncodingError(`RSA keys may have ${MAX_RSA_BITS} bits, this one has ${bits}`)
  // With an exponent of 1 anything is a signature of itself; an even one is no RSA.
  const odd = (exponent.at(-1) ?? 0) % 2 === 1
  if (!odd || exponent.length > 8 || (exponent.length === 1 && exponent[0] === 1)) {
    throw new SshEncodingError('the RSA exponent is not usable')
  }
  return publicKey({ kty: 'RSA', e: exponent.toString('base64url'), n: modulus.toString('base64url') })
}

function publicKey(key: Record<string, string>): KeyObject {
  return createPublicKey({ key, format: 'jwk' })
}
