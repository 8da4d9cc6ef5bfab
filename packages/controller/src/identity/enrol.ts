/**
 * Lets a host in: its join token is good, it has the private key of the public key that it shows, and nobody else has its
 * name. The token is used up, the host recorded and its certificate issued together or not at all.
 */
import { verify, type KeyObject } from 'node:crypto'
import {
  enrolmentChallenge,
  problem,
  type Digest,
  type Enrolled,
  type EnrolRequest,
  type HostId,
  type Instant,
  type Problem,
  type ProblemCode,
} from '@fleetmend/shared'
import { appendRecord } from '../store/audit-records.ts'
import { getHostAudit, pinHost, setAlarm } from '../store/host-audits.ts'
import { getHost, getMember, hostTrusts, putHost, renewedHost } from '../store/hosts.ts'
import { findJoinToken, useJoinToken, type Bearer } from '../store/join-tokens.ts'
import type { Connection, Database } from '../store/tables.ts'
import { readAgentKey } from './agent-key.ts'
import type { CertificateAuthority, ClientCertificate } from './certificate-authority.ts'
import type { KnownPeer } from './host-identity.ts'

export type Enrolling =
  | { readonly ok: true; readonly value: Enrolled }
  | { readonly ok: false; readonly problem: Problem }

/** `from` is the address that the request came from, for people to read. */
export async function enrol(
  database: Database,
  authority: CertificateAuthority,
  request: EnrolRequest,
  nowMs: number,
  from: string | null = null,
): Promise<Enrolling> {
  const { host, secret, os, agentVersion } = request
  const key = provenKey(request)
  if (!key)
    return refuse(
      'key-not-proven',
      'It did not prove that it has the private key of the key it shows, which must be P-256 or Ed25519.',
    )
  return database.transaction().execute(async (transaction): Promise<Enrolling> => {
    const bearer = { host, from }
    const token = await findJoinToken(transaction, secret, bearer, nowMs)
    if (!token.ok) {
      if (token.used) await shownAgain(transaction, token.used, bearer, nowMs)
      return { ok: false, problem: token.problem }
    }
    const before = await getHost(transaction, host)
    if (token.host === null && before) {
      return refuse(
        'name-taken',
        `There is a host ${host} already, and this join token is for a new one. To let this one take its place:\n    fleetmend hosts invite --host ${host}`,
      )
    }
    if (!(await useJoinToken(transaction, secret, bearer, nowMs)))
      return refuse('token-used', 'Another host used the join token at this moment.')
    const issued = await authority.issueClientCertificate(host, key, nowMs)
    const at = new Date(nowMs).toISOString()
    await putHost(transaction, {
      id: host,
      labels: token.labels,
      os,
      agentVersion,
      keyFingerprint: issued.keyFingerprint,
      certificateFingerprint: issued.fingerprint,
      certificateExpiresAt: issued.expiresAt,
      ssh: null,
      enrolledAt: at,
      lastSeenAt: null,
    })
    await hostTrusts(transaction, host, fingerprintsOf(authority))
    const publicKey = key.export({ format: 'der', type: 'spki' }).toString('base64')
    const insteadOf = await pinHost(transaction, host, publicKey)
    await appendRecord(transaction, { type: 'host-enrolled', host, publicKey, insteadOf }, at)
    return {
      ok: true,
      value: {
        host,
        fleet: authority.fleet,
        labels: token.labels,
        certificate: issued.certificate,
        authority: authority.certificate,
        authorities: [...authority.trusted],
        certificateFingerprint: issued.fingerprint,
        expiresAt: issued.expiresAt,
      },
    }
  })
}

/** One of the two is not who should have had the token. It stays an alarm at the host that is in, until a person has looked. */
async function shownAgain(
  transaction: Connection,
  used: { readonly host: HostId; readonly at: Instant },
  { host, from }: Bearer,
  nowMs: number,
): Promise<void> {
  if ((await getHost(transaction, used.host))?.enrolledAt !== used.at) return
  if ((await getHostAudit(transaction, used.host))?.alarm) return
  const at = new Date(nowMs).toISOString()
  const who = host === used.host ? `Somebody who calls itself ${host}, too,` : host
  const says = `${who} at ${from ?? 'an unknown address'} showed the join token that had let ${used.host} in. One of the two is not who should have had it.`
  await setAlarm(transaction, used.host, { code: 'token-used', at, says })
  await appendRecord(transaction, { type: 'host-alarm', host: used.host, code: 'token-used', says, shown: null }, at)
}

/**
 * Why a host with a good certificate is not let in; null: it is one of the fleet. Asked at every connection, because a
 * certificate outlives the removal of its host by up to a day.
 */
export async function whyNotMember(database: Database, { host, keyFingerprint }: KnownPeer): Promise<Problem | null> {
  const known = await getMember(database, host)
  if (!known) return problem('host-removed', `${host} is not a host of this fleet any more.`)
  if (known.isOverSsh) return problem('host-over-ssh', overSsh(host))
  if (known.keyFingerprint === keyFingerprint) return null
  return problem(
    'host-replaced',
    `${host} enrolled anew at ${known.enrolledAt}, with another key: this one is no longer that host.`,
  )
}

/**
 * It may even show the key of before. Two ways would be two sessions, either of which could be the one that somebody else
 * holds; which of them counts is said by a person, and never by whoever comes first.
 */
function overSsh(host: HostId): string {
  return `${host} is reached over SSH, and in no other way. To have it dial out instead:\n    fleetmend hosts invite --host ${host}`
}

export type Renewing =
  | { readonly ok: true; readonly value: ClientCertificate }
  | { readonly ok: false; readonly problem: Problem }

/** A new certificate for the key that the host is connected with. */
export async function renewCertificate(
  database: Database,
  authority: CertificateAuthority,
  peer: KnownPeer & { readonly publicKey: KeyObject },
  nowMs: number,
): Promise<Renewing> {
  const why = await whyNotMember(database, peer)
  if (why) return { ok: false, problem: why }
  const issued = await authority.issueClientCertificate(peer.host, peer.publicKey, nowMs)
  await database.transaction().execute(async (transaction) => {
    await renewedHost(transaction, peer.host, issued)
    const { fingerprint: certificate, expiresAt } = issued
    const at = new Date(nowMs).toISOString()
    await appendRecord(transaction, { type: 'certificate-renewed', host: peer.host, certificate, expiresAt }, at)
  })
  return { ok: true, value: issued }
}

function fingerprintsOf({ now, next }: CertificateAuthority): readonly Digest[] {
  return next ? [now.fingerprint, next.fingerprint] : [now.fingerprint]
}

/** The key, if the host showed that it has the other half. */
function provenKey(request: EnrolRequest): KeyObject | null {
  const key = readAgentKey(Buffer.from(request.publicKey, 'base64'))
  const algorithm = key?.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return key && verify(algorithm, enrolmentChallenge(request), key, Buffer.from(request.signature, 'base64'))
    ? key
    : null
}

function refuse(code: ProblemCode, why: string): Enrolling {
  return { ok: false, problem: problem(code, `Cannot let this host in. ${why}`) }
}
