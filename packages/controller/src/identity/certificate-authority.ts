/**
 * The fleet's certificate authority. It knows agents and nothing else: agents trust it by the fingerprint in their join
 * token, the controller trusts nobody else's certificates. While one is replaced there are two: hosts already get their
 * certificates from the next one, which the one before vouches for, and the controller shows what every host still trusts.
 */
import { randomBytes, type KeyObject, type X509Certificate } from 'node:crypto'
import { join } from 'node:path'
import type { Digest, HostId, VouchedAuthority } from '@fleetmend/shared'
import { readIfThere, writePrivateFile } from '../store/private-folder.ts'
import { readGivenAuthority, type AuthorityFiles } from './given-authority.ts'
import {
  fleetNamedBy,
  makeOwnAuthority,
  promoteOwnAuthority,
  readOwnAuthority,
  type OwnAuthorityRead,
} from './own-authority.ts'
import type { ClientCertificate, ServerCertificate, SigningAuthority } from './signing-authority.ts'

export type { ClientCertificate, ServerCertificate } from './signing-authority.ts'

export interface CertificateAuthority {
  /** Part of every identity, so that a host of one fleet is nobody in another. */
  readonly fleet: string
  /** PEM of the one that the controller shows, and its fingerprint, as join tokens carry it. */
  readonly certificate: string
  readonly fingerprint: Digest
  readonly now: SigningAuthority
  readonly next: SigningAuthority | null
  /** Whose certificates are taken, as hosts are told. */
  readonly trusted: readonly VouchedAuthority[]
  /** The one of them that issued this, or null. */
  issuerOf(certificate: X509Certificate): SigningAuthority | null
  issueServerCertificate(names: readonly string[], nowMs: number): Promise<ServerCertificate>
  issueClientCertificate(host: HostId, publicKey: KeyObject, nowMs: number): Promise<ClientCertificate>
  /** Makes the next one, where there is none. */
  renew(nowMs: number): Promise<AuthorityChanged>
  /** From now on the next one is the only one. Hosts that do not know it must enrol again. */
  finish(): Promise<AuthorityChanged>
  /** Called after each change. */
  onChange(listener: () => void): void
}

export type AuthorityChanged = { readonly ok: true } | { readonly ok: false; readonly says: string }

export type AuthorityOpened =
  | { readonly ok: true; readonly value: CertificateAuthority }
  | { readonly ok: false; readonly says: string }

/** Left out: the controller's own, made at the first start. */
export interface GivenAuthorities {
  readonly now?: AuthorityFiles
  readonly next?: AuthorityFiles
}

export async function openCertificateAuthority(
  folder: string,
  nowMs: number,
  given: GivenAuthorities = {},
): Promise<AuthorityOpened> {
  const own = await readOwnAuthority(folder, 'now')
  if (!own.ok && given.now === undefined) return own
  const opened = await openFleetId(folder, own.ok ? own.value : null)
  if (!opened.ok) return opened
  const { fleet } = opened
  if (own.ok && own.value === null && given.now === undefined) await makeOwnAuthority(folder, 'now', fleet, nowMs)
  const now = given.now ? await readGivenAuthority(given.now, nowMs) : await readOwnAuthority(folder, 'now')
  if (!now.ok) return now
  if (now.value === null) throw new Error('The authority that was just made is gone.')
  const next = await nextOf(folder, nowMs, given)
  if (!next.ok) return next
  const isGiven = (given.now ?? given.next) !== undefined
  return { ok: true, value: await authorityOf({ folder, fleet, isGiven }, now.value, next.value) }
}

async function nextOf(folder: string, nowMs: number, given: GivenAuthorities): Promise<OwnAuthorityRead> {
  if (given.next) return readGivenAuthority(given.next, nowMs)
  return given.now ? { ok: true, value: null } : readOwnAuthority(folder, 'next')
}

interface Kept {
  readonly folder: string
  readonly fleet: string
  /** Somebody else keeps the keys, and replaces them. */
  readonly isGiven: boolean
}

async function authorityOf(
  { folder, fleet, isGiven }: Kept,
  first: SigningAuthority,
  second: SigningAuthority | null,
): Promise<CertificateAuthority> {
  const listeners: (() => void)[] = []
  let state = await joined(first, second)
  const become = (changed: State): AuthorityChanged => {
    state = changed
    for (const listener of listeners) listener()
    return { ok: true }
  }
  return {
    fleet,
    get certificate() {
      return state.now.certificate
    },
    get fingerprint() {
      return state.now.fingerprint
    },
    get now() {
      return state.now
    },
    get next() {
      return state.next
    },
    get trusted() {
      return state.trusted
    },
    issuerOf: (certificate) =>
      [state.now, state.next].find(
        (each) => each !== null && certificate.checkIssued(each.x509) && certificate.verify(each.x509.publicKey),
      ) ?? null,
    issueServerCertificate: (names, nowMs) => state.now.issueServerCertificate(names, nowMs),
    issueClientCertificate: (host, key, nowMs) =>
      (state.next ?? state.now).issueClientCertificate(fleet, host, key, nowMs),

    async renew(nowMs) {
      if (isGiven) return { ok: false, says: replaceGiven }
      if (state.next !== null) return { ok: true }
      await makeOwnAuthority(folder, 'next', fleet, nowMs)
      const next = await readOwnAuthority(folder, 'next')
      return next.ok ? become(await joined(state.now, next.value)) : next
    },

    async finish() {
      if (isGiven) return { ok: false, says: replaceGiven }
      if (state.next === null)
        return { ok: false, says: 'There is no next authority. To make one:\n    fleetmend controller renew-ca' }
      await promoteOwnAuthority(folder)
      return become(await joined(state.next, null))
    },

    onChange: (listener) => void listeners.push(listener),
  }
}

const replaceGiven =
  'This authority was given to the controller by its files, and is replaced by them: start it with --next-ca-cert and --next-ca-key until hosts know both, then with the new files alone.'

interface State {
  readonly now: SigningAuthority
  readonly next: SigningAuthority | null
  readonly trusted: readonly VouchedAuthority[]
}

async function joined(now: SigningAuthority, next: SigningAuthority | null): Promise<State> {
  const trusted: VouchedAuthority[] = [{ certificate: now.certificate, vouched: null }]
  if (next) trusted.push({ certificate: next.certificate, vouched: await now.vouchFor(next) })
  return { now, next, trusted }
}

type FleetOpened = { readonly ok: true; readonly fleet: string } | { readonly ok: false; readonly says: string }

/** The id of the fleet outlives its authorities. */
async function openFleetId(folder: string, own: SigningAuthority | null): Promise<FleetOpened> {
  const path = join(folder, 'fleet-id')
  const text = await readIfThere(path)
  const fleet = text === null ? ((own && fleetNamedBy(own.x509)) ?? randomBytes(6).toString('hex')) : text.trim()
  if (!/^[0-9a-f]{12}$/.test(fleet))
    return {
      ok: false,
      says: `Cannot use ${path}: it is damaged. Bring back a copy; the id stands in the certificate of every host, after \`fleetmend://\`.`,
    }
  if (text === null) await writePrivateFile(path, `${fleet}\n`)
  return { ok: true, fleet }
}
