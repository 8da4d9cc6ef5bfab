/**
 * Who this host is in its fleet: its name, its key and certificate, and the one authority whose controllers it trusts.
 * One file, so that no crash can part a key from its certificate; nobody but root can read it.
 */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { HostId, Instant } from '@fleetmend/shared'
import * as z from 'zod/mini'
import { errnoOf, saysOf, writeDurably } from './durable.ts'
import { productionStateRoot, type StateFolder } from './state-folder.ts'

export const identityFileName = 'identity.json'

export const Identity = z.object({
  format: z.literal('fleetmend.identity/1'),
  host: HostId,
  fleet: z.string(),
  /** Where the controller listens: `wss://controller.example:7443`. */
  url: z.string(),
  /** PEM, PKCS #8. Never leaves this host. */
  key: z.string(),
  certificate: z.string(),
  /** PEM of the fleet's authority, known by the fingerprint in the join token. */
  authority: z.string(),
  issuedAt: Instant,
  expiresAt: Instant,
})
export type Identity = z.infer<typeof Identity>

export type IdentityRead =
  | { readonly ok: true; readonly value: Identity | null }
  | { readonly ok: false; readonly says: string }

/** Null: this host belongs to no fleet. */
export function readIdentity({ sealed }: Pick<StateFolder, 'sealed'>): IdentityRead {
  const path = identityFile(sealed)
  try {
    const parsed = Identity.safeParse(JSON.parse(readFileSync(path, 'utf8')))
    return parsed.success ? { ok: true, value: parsed.data } : { ok: false, says: damaged(path) }
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return { ok: true, value: null }
    return { ok: false, says: error instanceof SyntaxError ? damaged(path) : `Cannot read ${path}: ${saysOf(error)}.` }
  }
}

export async function writeIdentity({ sealed }: Pick<StateFolder, 'sealed'>, identity: Identity): Promise<void> {
  await writeDurably(identityFile(sealed), Buffer.from(`${JSON.stringify(identity)}\n`), 0o600)
}

/** The name given at enrolment, for every command of this agent; undefined where there is none to be read. */
export function enrolledName(): string | undefined {
  const read = readIdentity({ sealed: join(productionStateRoot, 'sealed') })
  return read.ok ? read.value?.host : undefined
}

function identityFile(sealed: string): string {
  return join(sealed, identityFileName)
}

function damaged(path: string): string {
  return `Cannot use ${path}: it is damaged. Enrol this host again:\n    fleetmend-agent enrol --again -`
}
