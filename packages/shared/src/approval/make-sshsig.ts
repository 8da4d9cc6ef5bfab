/** Signatures as `ssh-keygen -Y sign` writes them (PROTOCOL.sshsig), made around what an ssh-agent has signed. */
import { sshString } from './ssh-wire.ts'
import { signedBytes } from './sshsig.ts'

const hash = 'sha512'

/** What the key is to sign. */
export function bytesToSign(message: Uint8Array, namespace: string): Buffer {
  return signedBytes({ namespace, hash }, message)
}

/** `signature`: algorithm and signature in wire form, as agents answer. */
export function armoredSignature(publicKey: Uint8Array, namespace: string, signature: Uint8Array): string {
  const version = Buffer.from([0, 0, 0, 1])
  const parts = [publicKey, namespace, '', hash, signature].map((part) => sshString(part))
  const base64 = Buffer.concat([Buffer.from('SSHSIG'), version, ...parts]).toString('base64')
  const lines = base64.match(/.{1,70}/g) ?? []
  return `-----BEGIN SSH SIGNATURE-----\n${lines.join('\n')}\n-----END SSH SIGNATURE-----\n`
}
