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
  type Problem,
} from '@fleetmend/shared'
import { getHost, putHost, renewedHost } from '../store/hosts.ts'
import { findJoinToken, useJoinToken } from '../store/join-tokens.ts'
import type { Database } from '../store/tables.ts'
import { readAgentKey, type CertificateAuthority, type ClientCertificate } from './certificate-authority.ts'

export type Enrolling =
  | { readonly ok: true; readonly value: Enrolled }
  | { readonly ok: false; readonly problem: Problem }

export async function enrol(
  database: Database,
  authority: CertificateAuthority,
  request: EnrolRequest,
  nowMs: number,
): Promise<Enrolling> {
  const { host, secret, os, agentVersion } = request
  return database.transaction().execute(async (transaction): Promise<Enrolling> => {
    const token = await findJoinToken(transaction, secret, nowMs)
    if (!token.ok) return token
    const key = provenKey(request)
    if (!key)
      return refuse(
        'bad-input',
        'It did not prove that it has the private key of the key it shows, which must be P-256 or Ed25519.',
      )
    if (token.host !== null && token.host !== host)
      return refuse('bad-token', `The join token is for ${token.host}, and this host calls itself ${host}.`)
    if (token.host === null && (await getHost(transaction, host))) {
      return refuse(
        'bad-token',
        `There is a host ${host} already, and this join token is for a new one. To let this one take its place:\n    fleetmend hosts invite --host ${host}`,
      )
    }
    if (!(await useJoinToken(transaction, secret, host, nowMs)))
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
      enrolledAt: at,
      lastSeenAt: null,
    })
    return {
      ok: true,
      value: {
        host,
        fleet: authority.fleet,
        labels: token.labels,
        certificate: issued.certificate,
        authority: authority.certificate,
        certificateFingerprint: issued.fingerprint,
        expiresAt: issued.expiresAt,
      },
    }
  })
}

export interface KnownPeer {
  readonly host: HostId
  readonly keyFingerprint: Digest
}

/** Asked at every connection: a certificate outlives the removal of its host by up to a day. */
export async function isAdmitted(database: Database, { host, keyFingerprint }: KnownPeer): Promise<boolean> {
  return (await getHost(database, host))?.keyFingerprint === keyFingerprint
}

/** A new certificate for the key that the host is connected with; null where it is no longer one of the fleet. */
export async function renewCertificate(
  database: Database,
  authority: CertificateAuthority,
  peer: KnownPeer & { readonly publicKey: KeyObject },
  nowMs: number,
): Promise<ClientCertificate | null> {
  if (!(await isAdmitted(database, peer))) return null
  const issued = await authority.issueClientCertificate(peer.host, peer.publicKey, nowMs)
  await renewedHost(database, peer.host, issued)
  return issued
}

/** The key, if the host showed that it has the other half. */
function provenKey(request: EnrolRequest): KeyObject | null {
  const key = readAgentKey(Buffer.from(request.publicKey, 'base64'))
  const algorithm = key?.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return key && verify(algorithm, enrolmentChallenge(request), key, Buffer.from(request.signature, 'base64'))
    ? key
    : null
}

function refuse(code: 'bad-input' | 'bad-token' | 'token-used', why: string): Enrolling {
  return { ok: false, problem: problem(code, `Cannot let this host in. ${why}`) }
}
