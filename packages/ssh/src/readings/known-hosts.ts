/** The text of a known_hosts file, as sshd(8) describes it under SSH_KNOWN_HOSTS FILE FORMAT and hostfile.c reads it. */
import { createHmac, timingSafeEqual } from 'node:crypto'
import { SshEncodingError, sshReader } from '@fleetmend/shared'
import { strictBase64 } from '@fleetmend/shared/approval/ssh-wire'
import { matchesHostNames } from './host-pattern.ts'

/** `revoked`: whoever shows this key is refused. `cert-authority`: signs keys of hosts, which is of use to `ssh` alone. */
export type KnownHostsMarker = 'revoked' | 'cert-authority'

export interface KnownHostsLine {
  readonly line: number
  readonly marker: KnownHostsMarker | null
  /** As they stand there: names and patterns between commas, or one hashed name. */
  readonly names: string
  readonly type: HostKeyType
  readonly key: Buffer
}

export const hostKeyTypes = [
  'ssh-ed25519',
  'ecdsa-sha2-nistp256',
  'ecdsa-sha2-nistp384',
  'ecdsa-sha2-nistp521',
  'ssh-rsa',
] as const
export type HostKeyType = (typeof hostKeyTypes)[number]

/** What is no line of a key that can be met today (a comment, a key of DSA, half a line) says nothing, as with `ssh`. */
export function readKnownHosts(text: string): readonly KnownHostsLine[] {
  return text.split('\n').flatMap((content, index) => readLine(content, index + 1) ?? [])
}

function readLine(content: string, line: number): KnownHostsLine | null {
  const words = content.split(/[ \t]+/).filter((word) => word !== '')
  const marked = words[0]?.startsWith('@') === true
  const marker = marked ? markerOf(words[0]) : null
  const [names, type, base64] = marked ? words.slice(1) : words
  if (marker === undefined || names === undefined || base64 === undefined) return null
  if (names.startsWith('#') || names.startsWith('@') || !isHostKeyType(type)) return null
  // A carriage return at the end is what editors on Windows leave.
  const key = strictBase64(base64.replace(/\r$/, ''))
  return key && hostKeyTypeOf(key) === type ? { line, marker, names, type, key } : null
}

function markerOf(word: string | undefined): KnownHostsMarker | undefined {
  if (word === '@revoked') return 'revoked'
  return word === '@cert-authority' ? 'cert-authority' : undefined
}

/** Of a key in its wire form (RFC 4253 section 6.6), as a host presents it; null: none of those known here. */
export function hostKeyTypeOf(key: Buffer): HostKeyType | null {
  try {
    const reader = sshReader(key)
    const type = reader.name()
    // Every kind has at least one part more.
    reader.string()
    return isHostKeyType(type) ? type : null
  } catch (error) {
    if (error instanceof SshEncodingError) return null
    throw error
  }
}

function isHostKeyType(type: string | undefined): type is HostKeyType {
  return hostKeyTypes.some((known) => known === type)
}

/** Whether a line's names are for this one, which is `host`, or `[host]:port` where the port is not 22. */
export function isNamedBy(names: string, name: string): boolean {
  return names.startsWith('|') ? isHashOf(names, name) : matchesHostNames(name, names)
}

const HASHED = /^\|1\|([^|]+)\|([^|]+)$/
/** Salt and hash have the length of an SHA-1 (`extract_salt` in hostfile.c takes no other). */
const hashBytes = 20

function isHashOf(hashed: string, name: string): boolean {
  const [, salt64 = '', hash64 = ''] = HASHED.exec(hashed) ?? []
  const [salt, hash] = [strictBase64(salt64), strictBase64(hash64)]
  if (salt?.length !== hashBytes || hash?.length !== hashBytes) return false
  return timingSafeEqual(hash, hashOf(name, salt))
}

/** The name as `HashKnownHosts yes` has it written: who reads the file does not learn which hosts there are. */
export function hashedName(name: string, salt: Buffer): string {
  return `|1|${salt.toString('base64')}|${hashOf(name, salt).toString('base64')}`
}

function hashOf(name: string, salt: Buffer): Buffer {
  return createHmac('sha1', salt).update(name).digest()
}
