/** A key to log in with: made here, or read from a file; in OpenSSH's own format, which both drivers take. */
import ssh2 from 'ssh2'

// Node finds no names in what it exports: a bundler does, and this also runs without one.
const { utils } = ssh2

export interface KeyPair {
  /** The text of the private key's file. */
  readonly privateKey: string
  /** As in authorized_keys, without a comment. */
  readonly publicKey: string
}

export function newKeyPair(comment: string): KeyPair {
  const { private: privateKey, public: made } = utils.generateKeyPairSync('ed25519', { comment })
  return { privateKey, publicKey: made.split(' ').slice(0, 2).join(' ') }
}

/** Null: it is no private key, or one with a passphrase, which nobody is there to be asked for. */
export function readKeyPair(privateKey: string): KeyPair | null {
  const key = utils.parseKey(privateKey)
  if (key instanceof Error || !key.isPrivateKey()) return null
  return { privateKey, publicKey: `${key.type} ${key.getPublicSSH().toString('base64')}` }
}
