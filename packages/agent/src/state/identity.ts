/**
 * Who this host is in its fleet: its name, its key and certificate, and the one authority whose controllers it trusts.
 * One file, so that no crash can part a key from its certificate; nobody but root can read it.
 */
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

const texts = ['host', 'fleet', 'url', 'key', 'certificate', 'authority', 'issuedAt', 'expiresAt'] as const

export type IdentityRead =
  | { readonly ok: true; readonly value: Identity | null }
  | { readonly ok: false; readonly says: string }

/** Null: this host belongs to no fleet. */
export function readIdentity({ sealed }: Pick<StateFolder, 'sealed'>): IdentityRead {
  const path = identityFile(sealed)
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'))
    return isIdentity(read) ? { ok: true, value: read } : { ok: false, says: damaged(path) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { ok: true, value: null }
    return { ok: false, says: error instanceof SyntaxError ? damaged(path) : `Cannot read ${path}: ${saysOf(error)}.` }
  }
}

export async function writeIdentity({ sealed }: Pick<StateFolder, 'sealed'>, identity: Identity): Promise<void> {
  await writeDurably(identityFile(sealed), Buffer.from(`${JSON.stringify(identity)}\n`), 0o600)
}

function isIdentity(read: unknown): read is Identity {
  if (typeof read !== 'object' || read === null) return false
  const fields = read as Readonly<Record<string, unknown>>
  const hasTexts = texts.every((name) => typeof fields[name] === 'string' && fields[name] !== '')
  const dates = [fields['issuedAt'], fields['expiresAt']].map((text) => Date.parse(String(text)))
  const isHost = hasTexts && hostIdFrom(String(fields['host'])) === fields['host']
  return fields['format'] === 'fleetmend.identity/1' && isHost && !dates.some(Number.isNaN)
}

function identityFile(sealed: string): string {
  return join(sealed, identityFileName)
}

function damaged(path: string): string {
  return `Cannot use ${path}: it is damaged. Enrol this host again:\n    fleetmend-agent enrol --again -`
}
