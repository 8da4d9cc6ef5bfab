/** A hardware key made of software (PROTOCOL.u2f): signs what a FIDO token would sign, and can be left untouched. */
import { createHash, generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import { sshString } from '../src/approval/ssh-wire.ts'

export interface HardwareKey {
  readonly publicKey: string
  sign(message: Uint8Array, namespace: string, flags?: number): string
}

export function hardwareKey(kind: 'ed25519' | 'ecdsa', application = 'ssh:'): HardwareKey {
  const type = kind === 'ed25519' ? 'sk-ssh-ed25519@openssh.com' : 'sk-ecdsa-sha2-nistp256@openssh.com'
  const pair = kind === 'ed25519' ? generateKeyPairSync('ed25519') : generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const blob = Buffer.concat([sshString(type), keyParts(pair.publicKey), sshString(application)])
  let counter = 0
  return {
    publicKey: `${type} ${blob.toString('base64')}`,
    sign(message, namespace, flags = 0x01) {
      const signed = Buffer.concat([
        Buffer.from('SSHSIG'),
        sshString(namespace),
        sshString(''),
        sshString('sha512'),
        sshString(createHash('sha512').update(message).digest()),
      ])
      const flagsAndCounter = Buffer.alloc(5)
      flagsAndCounter.writeUInt8(flags, 0)
      flagsAndCounter.writeUInt32BE(++counter, 1)
      const data = Buffer.concat([sha256(Buffer.from(application)), flagsAndCounter, sha256(signed)])
      const signature = Buffer.concat([
        sshString(type),
        sshString(rawSignature(kind, pair.privateKey, data)),
        flagsAndCounter,
      ])
      return armor(
        Buffer.concat([
          Buffer.from('SSHSIG\0\0\0\x01', 'latin1'),
          sshString(blob),
          sshString(namespace),
          sshString(''),
          sshString('sha512'),
          sshString(signature),
        ]),
      )
    },
  }
}

export function armor(blob: Buffer): string {
  const lines = blob.toString('base64').match(/.{1,70}/g) ?? []
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
}

/** A positive number as SSH writes it. */
export function mpint(bytes: Buffer): Buffer {
  let start = 0
  while (start < bytes.length - 1 && bytes[start] === 0) start++
  const digits = bytes.subarray(start)
  return sshString((digits[0] ?? 0) >= 0x80 ? Buffer.concat([Buffer.from([0]), digits]) : digits)
}

function keyParts(key: KeyObject): Buffer {
  const { x = '', y } = key.export({ format: 'jwk' })
  if (y === undefined) return sshString(Buffer.from(x, 'base64url'))
  const point = Buffer.concat([Buffer.from([4]), Buffer.from(x, 'base64url'), Buffer.from(y, 'base64url')])
  return Buffer.concat([sshString('nistp256'), sshString(point)])
}

function rawSignature(kind: 'ed25519' | 'ecdsa', key: KeyObject, data: Buffer): Buffer {
  if (kind === 'ed25519') return sign(null, data, key)
  const pair = sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
  return Buffer.concat([mpint(pair.subarray(0, 32)), mpint(pair.subarray(32))])
}

function sha256(data: Buffer): Buffer {
  return createHash('sha256').update(data).digest()
}
