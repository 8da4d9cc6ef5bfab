/**
 * Signatures as `ssh-keygen -Y sign` writes them (OpenSSH, PROTOCOL.sshsig), verified here with node:crypto, so that a
 * host needs no ssh for it. Stricter than OpenSSH: each signature has one encoding, whatever has another is refused.
 */
import { createHash, verify } from 'node:crypto'
import { readSshPublicKey, type SshPublicKey } from './ssh-public-key.ts'
import { SshEncodingError, sshReader, sshString, strictBase64 } from './ssh-wire.ts'

export interface SshSignature {
  readonly signer: SshPublicKey
  readonly namespace: string
  readonly hash: 'sha256' | 'sha512'
  readonly algorithm: string
  /** The signature proper, with all that belongs to it, in its wire form. */
  readonly blob: Buffer
}

export type SshSignatureRead =
  | { readonly ok: true; readonly value: SshSignature }
  | { readonly ok: false; readonly says: string }

/**
 * misused: made for something else (git, a file, another deed) · invalid: no signature of this message, or none at all.
 * `says` is a clause for a person who looks at one signature among several.
 */
export type Verified =
  | { readonly ok: true; readonly signer: SshPublicKey }
  | { readonly ok: false; readonly why: 'misused' | 'invalid'; readonly says: string }

/** Reads the armored text and verifies it: the namespace, the algorithm, and the signature over `message`. */
export function verifySshSignature(armored: string, message: Uint8Array, namespace: string): Verified {
  const read = readSshSignature(armored)
  if (!read.ok) return { ...read, why: 'invalid' }
  const signature = read.value
  if (signature.namespace !== namespace) {
    return {
      ok: false,
      why: 'misused',
      says: `it was made for ${JSON.stringify(signature.namespace)}, not for ${JSON.stringify(namespace)}`,
    }
  }
  const wrong = whatIsWrong(signature, signedBytes(signature, message))
  return wrong === null ? { ok: true, signer: signature.signer } : { ok: false, why: 'invalid', says: wrong }
}

const MAGIC = 'SSHSIG'
/** An RSA signature of the biggest key takes 6 KiB as text. */
const MAX_ARMORED_LENGTH = 16_384
/** Where lines break differs between tools (OpenSSH: 70 characters, PEM: 64) and says nothing. */
const ARMOR = /^-----BEGIN SSH SIGNATURE-----\n([A-Za-z0-9+/=\n]+)\n-----END SSH SIGNATURE-----\n?$/

export function readSshSignature(armored: string): SshSignatureRead {
  const body = armored.length > MAX_ARMORED_LENGTH ? undefined : ARMOR.exec(armored)?.[1]
  const blob = body === undefined ? null : strictBase64(body.replaceAll('\n', ''))
  if (blob === null) return { ok: false, says: 'it is not an armored SSH signature' }
  try {
    return readBlob(blob)
  } catch (error) {
    if (error instanceof SshEncodingError) return { ok: false, says: `it cannot be read: ${error.message}` }
    throw error
  }
}

function readBlob(blob: Buffer): SshSignatureRead {
  const reader = sshReader(blob)
  if (reader.bytes(MAGIC.length).toString('latin1') !== MAGIC) return { ok: false, says: 'it is not an SSH signature' }
  const version = reader.uint32()
  if (version !== 1) return { ok: false, says: `it has version ${version}, which is not known` }
  const signer = readSshPublicKey(reader.string())
  if (!signer.ok) return signer
  const namespace = reader.name()
  // Not covered by the signature as OpenSSH computes it, so nothing may stand here.
  if (reader.string().length > 0) return { ok: false, says: 'it has something in its reserved field' }
  const hash = reader.name()
  if (hash !== 'sha256' && hash !== 'sha512')
    return { ok: false, says: `it uses the hash ${hash}, which is not accepted` }
  const signature = sshReader(reader.string())
  reader.end()
  const algorithm = signature.name()
  return { ok: true, value: { signer: signer.value, namespace, hash, algorithm, blob: signature.rest() } }
}

/** What is really signed: not the message, but its hash with the namespace (PROTOCOL.sshsig section 3). */
export function signedBytes(
  { namespace, hash }: Pick<SshSignature, 'namespace' | 'hash'>,
  message: Uint8Array,
): Buffer {
  const digest = createHash(hash).update(message).digest()
  return Buffer.concat([Buffer.from(MAGIC), sshString(namespace), sshString(''), sshString(hash), sshString(digest)])
}

/** `null`: nothing, the signature is good. */
function whatIsWrong(signature: SshSignature, signed: Buffer): string | null {
  try {
    return isGood(signature, signed) ? null : 'it does not fit what was signed'
  } catch (error) {
    if (error instanceof SshEncodingError) return `it cannot be read: ${error.message}`
    throw error
  }
}

function isGood({ signer, algorithm, blob }: SshSignature, signed: Buffer): boolean {
  const reader = sshReader(blob)
  switch (signer.type) {
    case 'ssh-ed25519': {
      expectAlgorithm(algorithm, signer.type)
      const signature = reader.string()
      reader.end()
      return verify(null, signed, signer.key, signature)
    }
    case 'ssh-rsa': {
      // Never `ssh-rsa` itself, which means SHA-1.
      expectAlgorithm(algorithm, 'rsa-sha2-256', 'rsa-sha2-512')
      const signature = reader.string()
      reader.end()
      return verify(algorithm === 'rsa-sha2-256' ? 'sha256' : 'sha512', signed, signer.key, signature)
    }
    case 'ecdsa-sha2-nistp256':
    case 'ecdsa-sha2-nistp384':
    case 'ecdsa-sha2-nistp521': {
      expectAlgorithm(algorithm, signer.type)
      const curve = ecdsaCurves[signer.type]
      const signature = ecdsaPair(reader.string(), curve.numberBytes)
      reader.end()
      return verify(curve.hash, signed, { key: signer.key, dsaEncoding: 'ieee-p1363' }, signature)
    }
    case 'sk-ssh-ed25519@openssh.com': {
      expectAlgorithm(algorithm, signer.type)
      const signature = reader.string()
      return verify(null, hardwareSigned(signer, reader, signed), signer.key, signature)
    }
    case 'sk-ecdsa-sha2-nistp256@openssh.com': {
      expectAlgorithm(algorithm, signer.type)
      const signature = ecdsaPair(reader.string(), 32)
      const key = { key: signer.key, dsaEncoding: 'ieee-p1363' } as const
      return verify('sha256', hardwareSigned(signer, reader, signed), key, signature)
    }
  }
}

/** RFC 5656 section 6.2.1 fixes the hash for each curve. */
const ecdsaCurves = {
  'ecdsa-sha2-nistp256': { hash: 'sha256', numberBytes: 32 },
  'ecdsa-sha2-nistp384': { hash: 'sha384', numberBytes: 48 },
  'ecdsa-sha2-nistp521': { hash: 'sha512', numberBytes: 66 },
} as const

function expectAlgorithm(algorithm: string, ...accepted: readonly string[]): void {
  if (!accepted.includes(algorithm)) throw new SshEncodingError(`its key does not sign with ${algorithm}`)
}

/** Two numbers of SSH as the fixed-size pair that OpenSSL takes. */
function ecdsaPair(blob: Buffer, numberBytes: number): Buffer {
  const reader = sshReader(blob)
  const pair = Buffer.alloc(2 * numberBytes)
  for (const end of [numberBytes, 2 * numberBytes]) {
    const number = reader.positiveMpint()
    if (number.length > numberBytes) throw new SshEncodingError('a number in it is too big for its curve')
    number.copy(pair, end - number.length)
  }
  reader.end()
  return pair
}

const USER_PRESENT = 0x01

/** What a hardware key signs (PROTOCOL.u2f): with whom, whether somebody touched it, and how often it has signed. */
function hardwareSigned(
  { application = '' }: SshPublicKey,
  reader: ReturnType<typeof sshReader>,
  signed: Buffer,
): Buffer {
  const flagsAndCounter = reader.bytes(5)
  reader.end()
  const [flags = 0] = flagsAndCounter
  if ((flags & USER_PRESENT) === 0) throw new SshEncodingError('nobody touched the hardware key')
  const sha256 = (data: Buffer | string): Buffer => createHash('sha256').update(data).digest()
  return Buffer.concat([sha256(application), flagsAndCounter, sha256(signed)])
}
