/**
 * The keys that a host is offered, one after the other, in ssh's order (sshconnect2.c, pubkey_prepare): those of ssh-agent
 * that the configuration names, the others of the agent, then key files. A passphrase is asked only for a key that is let in.
 */
import { readFile, stat } from 'node:fs/promises'
import { readSshPublicKey, safeLine, SshEncodingError, sshReader } from '@fleetmend/shared'
import ssh2, { BaseAgent, type ParsedKey } from 'ssh2'
import type { SshTarget } from '../ssh-target.ts'

// Node finds only some of the names that it exports: a bundler finds all, and this also runs without one.
const { OpenSSHAgent, utils } = ssh2

/** Null: nobody can be asked, or they have no answer. */
export type AskPassphrase = (path: string) => Promise<string | null>

export interface LoginKeys {
  readonly keys: readonly LoginKey[]
  /** Why others are not among them, as sentences. */
  readonly leftOut: readonly string[]
}

export interface LoginKey {
  /** `ssh-ed25519 SHA256:… (ssh-agent)`, as it is told. */
  readonly name: string
  readonly publicKey: Buffer
  sign(data: Buffer, hash: 'sha256' | 'sha512' | undefined): Promise<Signed>
}

/** `locked`: its passphrase is missing or wrong. */
export type Signed =
  | { readonly ok: true; readonly signature: Buffer }
  | { readonly ok: false; readonly locked: boolean; readonly says: string }

type Login = Pick<SshTarget, 'identityFiles' | 'identitiesOnly' | 'agentSocket'>

export async function loginKeys(target: Login, askPassphrase: AskPassphrase | null): Promise<LoginKeys> {
  const leftOut: string[] = []
  const files: LoginKey[] = []
  for (const path of target.identityFiles) {
    const read = await keyOfFile(path, askPassphrase)
    if (read.kind === 'key') files.push(read.key)
    else if (read.kind === 'left-out') leftOut.push(read.says)
  }
  const agent = target.agentSocket === null ? [] : await keysOfAgent(target.agentSocket, leftOut)
  const isNamed = (key: LoginKey) => files.some(({ publicKey }) => publicKey.equals(key.publicKey))
  const inOrder = [
    ...agent.filter(isNamed),
    ...(target.identitiesOnly ? [] : agent.filter((key) => !isNamed(key))),
    ...files,
  ]
  const keys = inOrder.filter((key, at) => inOrder.findIndex(({ publicKey }) => publicKey.equals(key.publicKey)) === at)
  return { keys, leftOut }
}

/** A key as ssh2 takes it: it asks an agent for its keys, and to sign once the host has said that it knows this one. */
export class OneKeyAgent extends BaseAgent<Buffer> {
  readonly #key: LoginKey
  readonly #refused: (why: Extract<Signed, { ok: false }>) => void

  constructor(key: LoginKey, refused: (why: Extract<Signed, { ok: false }>) => void) {
    super()
    this.#key = key
    this.#refused = refused
  }

  override getIdentities(answer: (error: Error | undefined, keys?: Buffer[]) => void): void {
    answer(undefined, [this.#key.publicKey])
  }

  override sign(
    _key: Buffer,
    data: Buffer,
    options: { hash?: 'sha1' | 'sha256' | 'sha512' } | SignatureCallback,
    answer?: SignatureCallback,
  ): void {
    const done = typeof options === 'function' ? options : answer
    const hash = typeof options === 'function' || options.hash === 'sha1' ? undefined : options.hash
    void this.#sign(data, hash, done)
  }

  async #sign(data: Buffer, hash: 'sha256' | 'sha512' | undefined, done?: SignatureCallback): Promise<void> {
    const signed = await this.#key.sign(data, hash)
    if (!signed.ok) this.#refused(signed)
    if (signed.ok) done?.(undefined, signed.signature)
    else done?.(new Error(signed.says))
  }
}

type SignatureCallback = (error?: Error, signature?: Buffer) => void

async function keysOfAgent(path: string, leftOut: string[]): Promise<readonly LoginKey[]> {
  const agent = new OpenSSHAgent(path)
  const keys = await new Promise<readonly ParsedKey[] | null>((resolve) => {
    // Parsed, all of them: what ssh2 cannot parse (hardware keys, certificates) is not in its list.
    agent.getIdentities((error, found) => resolve(error ? null : ((found ?? []) as ParsedKey[])))
  })
  if (keys === null) leftOut.push(`ssh-agent does not answer at ${safeLine(path)}.`)
  return (keys ?? []).map((key) => ({
    name: `${nameOf(key.getPublicSSH())} (ssh-agent${key.comment ? `, ${safeLine(key.comment)}` : ''})`,
    publicKey: key.getPublicSSH(),
    sign: (data, hash) =>
      new Promise((resolve) => {
        agent.sign(key, data, hash === undefined ? {} : { hash }, (error, signature) =>
          resolve(
            signature === undefined
              ? { ok: false, locked: false, says: `ssh-agent did not sign: ${error?.message ?? 'no reason'}` }
              : { ok: true, signature },
          ),
        )
      }),
  }))
}

type FileRead =
  | { readonly kind: 'key'; readonly key: LoginKey }
  | { readonly kind: 'left-out'; readonly says: string }
  | { readonly kind: 'missing' }

async function keyOfFile(path: string, askPassphrase: AskPassphrase | null): Promise<FileRead> {
  const shown = safeLine(path)
  const secret = await bytesOf(path)
  if (secret === null) return { kind: 'missing' }
  // As ssh has it (authfile.c): a private key that others may read is theirs, too.
  const { mode, uid } = await stat(path)
  if (uid === process.geteuid?.() && (mode & 0o077) !== 0)
    return { kind: 'left-out', says: `${shown} may be read by others, and is not used (chmod 600 ${shown}).` }
  const unlocked = utils.parseKey(secret)
  const publicKey =
    unlocked instanceof Error ? ((await publicFileOf(path)) ?? publicPartOf(secret)) : unlocked.getPublicSSH()
  if (publicKey === null) return { kind: 'left-out', says: `${shown} cannot be read as a private key.` }
  const type = typeOf(publicKey)
  if (!offered.has(type))
    return {
      kind: 'left-out',
      says: `${shown} is a key of type ${safeLine(type)}, which only the ssh program can use.`,
    }
  return {
    kind: 'key',
    key: {
      name: `${nameOf(publicKey)} (${shown})`,
      publicKey,
      async sign(data, hash) {
        const key = unlocked instanceof Error ? await unlock(path, secret, askPassphrase) : unlocked
        if (key === null) return { ok: false, locked: true, says: `${shown} is encrypted` }
        const signature: Buffer | Error = key.sign(data, hash)
        return signature instanceof Error
          ? { ok: false, locked: false, says: signature.message }
          : { ok: true, signature }
      },
    },
  }
}

/** Nobody is asked twice: a wrong word ends it, as the wrong key would. */
async function unlock(path: string, secret: Buffer, ask: AskPassphrase | null): Promise<ParsedKey | null> {
  const passphrase = (await ask?.(path)) ?? null
  const key = passphrase === null ? null : utils.parseKey(secret, passphrase)
  return key === null || key instanceof Error ? null : key
}

const offered = new Set(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384', 'ecdsa-sha2-nistp521', 'ssh-rsa'])

function nameOf(publicKey: Buffer): string {
  const read = readSshPublicKey(publicKey)
  return read.ok ? `${read.value.type} ${read.value.fingerprint}` : typeOf(publicKey)
}

function typeOf(publicKey: Buffer): string {
  try {
    return sshReader(publicKey).name()
  } catch (error) {
    if (error instanceof SshEncodingError) return 'unknown'
    throw error
  }
}

/** The public key beside an encrypted one: older formats do not tell it otherwise. */
async function publicFileOf(path: string): Promise<Buffer | null> {
  const text = await bytesOf(`${path}.pub`)
  const key = text === null ? null : utils.parseKey(text)
  return key === null || key instanceof Error ? null : key.getPublicSSH()
}

/** In OpenSSH's own format the public part of an encrypted key stands in the open (PROTOCOL.key). */
function publicPartOf(secret: Buffer): Buffer | null {
  const [, base64] = /-----BEGIN OPENSSH PRIVATE KEY-----([\s\S]*?)-----END/.exec(secret.toString('latin1')) ?? []
  if (base64 === undefined) return null
  try {
    const reader = sshReader(Buffer.from(base64, 'base64'))
    if (reader.bytes(magic.length).toString('latin1') !== magic) return null
    // Cipher, key derivation and its options; then the number of keys, which is always one.
    for (let part = 0; part < 3; part++) reader.string()
    return reader.uint32() === 1 ? reader.string() : null
  } catch (error) {
    if (error instanceof SshEncodingError) return null
    throw error
  }
}

const magic = 'openssh-key-v1\0'

async function bytesOf(path: string): Promise<Buffer | null> {
  try {
    return await readFile(path)
  } catch {
    return null
  }
}
