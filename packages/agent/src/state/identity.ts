/**
 * Who this host is in its fleet: its name and its key; and where it dials out, its certificate and the one authority whose
 * controllers it trusts. One file, so that no crash can part a key from its certificate; nobody but root can read it.
 */
import { generateKeyPairSync } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { HostId, Instant } from '@fleetmend/shared'
import { errnoOf, saysOf, writeDurably } from './durable.ts'
import { hostIdFrom } from './host-id.ts'
import type { StateFolder } from './state-folder.ts'
import { identityFileName } from './state-paths.ts'

/** Not a schema: whoever serves reads this, and what makes schemas takes more memory than all the rest of serving. */
export interface Identity {
  readonly format: 'fleetmend.identity/1'
  readonly host: HostId
  readonly fleet: string
  /** Where the controller listens: `wss://controller.example:7443`. */
  readonly url: string
  /** PEM, PKCS #8. Never leaves this host. */
  readonly key: string
  readonly certificate: string
  /** PEM of the fleet's authority, known by the fingerprint in the join token. */
  readonly authority: string
  readonly issuedAt: Instant
  readonly expiresAt: Instant
}

/** Of a host whose controller comes to it over SSH: it signs its record, and dials nobody. */
export interface ReachedIdentity extends Pick<Identity, 'host' | 'fleet' | 'key' | 'issuedAt'> {
  readonly format: 'fleetmend.reached-identity/1'
}

export type Membership = Identity | ReachedIdentity

const texts = ['host', 'fleet', 'url', 'key', 'certificate', 'authority', 'issuedAt', 'expiresAt'] as const

export type IdentityRead =
  | { readonly ok: true; readonly value: Identity | null }
  | { readonly ok: false; readonly says: string }

/** Null: this host dials out to no controller. */
export function readIdentity(state: Pick<StateFolder, 'sealed'>): IdentityRead {
  const read = readMembership(state)
  if (!read.ok) return read
  return { ok: true, value: read.value !== null && dialsOut(read.value) ? read.value : null }
}

export type MembershipRead =
  | { readonly ok: true; readonly value: Membership | null }
  | { readonly ok: false; readonly says: string }

/** Null: this host belongs to no fleet. */
export function readMembership({ sealed }: Pick<StateFolder, 'sealed'>): MembershipRead {
  const path = identityFile(sealed)
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isIdentity(read) || isReached(read) ? { ok: true, value: read } : { ok: false, says: damaged(path) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { ok: true, value: null }
    return { ok: false, says: error instanceof SyntaxError ? damaged(path) : `Cannot read ${path}: ${saysOf(error)}.` }
  }
}

/** Root says here whose host this is; a controller that comes over SSH could say anything. */
export function reachedIdentity(host: HostId, fleet: string): ReachedIdentity {
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = privateKey.export({ format: 'pem', type: 'pkcs8' })
  return { format: 'fleetmend.reached-identity/1', host, fleet, key, issuedAt: new Date().toISOString() }
}

export function dialsOut(member: Membership): member is Identity {
  return member.format === 'fleetmend.identity/1'
}

export async function writeIdentity({ sealed }: Pick<StateFolder, 'sealed'>, identity: Membership): Promise<void> {
  await writeDurably(identityFile(sealed), Buffer.from(`${JSON.stringify(identity)}\n`), 0o600)
}

function isIdentity(read: unknown): read is Identity {
  return has(read, 'fleetmend.identity/1', texts, ['issuedAt', 'expiresAt'])
}

function isReached(read: unknown): read is ReachedIdentity {
  return has(read, 'fleetmend.reached-identity/1', ['host', 'fleet', 'key', 'issuedAt'], ['issuedAt'])
}

function has(read: unknown, format: string, names: readonly string[], dates: readonly string[]): boolean {
  if (typeof read !== 'object' || read === null) return false
  const fields = read as Readonly<Record<string, unknown>>
  const hasTexts = names.every((name) => typeof fields[name] === 'string' && fields[name] !== '')
  const isHost = hasTexts && hostIdFrom(String(fields['host'])) === fields['host']
  return fields['format'] === format && isHost && !dates.some((name) => Number.isNaN(Date.parse(String(fields[name]))))
}

function identityFile(sealed: string): string {
  return join(sealed, identityFileName)
}

function damaged(path: string): string {
  return `Cannot use ${path}: it is damaged. Enrol this host again:\n    fleetmend-agent enrol --again -`
}
