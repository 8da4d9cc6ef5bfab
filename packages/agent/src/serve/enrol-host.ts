/**
 * Becomes part of a fleet: finds the controller that the join token means, proves that this host has a key of its own, and
 * keeps the certificate it is given. Nothing is written before all of that has held.
 */
import { generateKeyPairSync, sign, type KeyObject } from 'node:crypto'
import {
  ENROL_PATH,
  Enrolled,
  enrolmentChallenge,
  outcomeIsUnknown,
  problem,
  problemOf,
  type EnrolRequest,
  type HostId,
  type JoinToken,
  type Problem,
} from '@fleetmend/shared'
import type { Identity } from '../state/identity.ts'
import { openLine, type LineOpened } from './controller-line.ts'
import { whatIsWrong } from './issued-certificate.ts'
import { findPinnedAuthority, impostor, notReached } from './pinned-authority.ts'
import { trustFrom } from './trusted-authorities.ts'

export interface Newcomer {
  readonly host: HostId
  readonly os: string | null
  readonly agentVersion: string
}

export type Enrolling =
  | { readonly ok: true; readonly identity: Identity }
  | { readonly ok: false; readonly problem: Problem }

export async function enrolHost(token: JoinToken, newcomer: Newcomer): Promise<Enrolling> {
  const { url, fingerprint } = token
  const authority = await findPinnedAuthority(url, fingerprint)
  if (!authority.ok) return authority
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const line = await openLine({ url: new URL(ENROL_PATH, url).href, authority: authority.pem }, {})
  if (line.kind !== 'open') return { ok: false, problem: whyNot(url, line) }
  const request = requestOf(token, newcomer, privateKey, publicKey)
  try {
    const answer = Enrolled.safeParse(await line.peer.mutation('enrol', request))
    if (!answer.success) return { ok: false, problem: strange(url, 'it has no such form') }
    const { authorities } = answer.data
    const trusted = authorities
      ? trustFrom(authority.pem, authorities)
      : { ok: true as const, authority: authority.pem }
    if (!trusted.ok) return { ok: false, problem: strange(url, trusted.says) }
    const wrong = whatIsWrong(answer.data, newcomer.host, publicKey, trusted.authority)
    if (wrong !== null) return { ok: false, problem: strange(url, wrong) }
    return { ok: true, identity: identityOf(answer.data, url, trusted.authority, privateKey) }
  } catch (error) {
    return { ok: false, problem: outcomeIsUnknown(error) ? lost(url, error) : problemOf(error) }
  } finally {
    line.peer.close()
  }
}

function requestOf(token: JoinToken, newcomer: Newcomer, privateKey: KeyObject, publicKey: KeyObject): EnrolRequest {
  const key = publicKey.export({ format: 'der', type: 'spki' }).toString('base64')
  const proved = { host: newcomer.host, secret: token.secret, publicKey: key }
  const signature = sign('sha256', enrolmentChallenge(proved), privateKey).toString('base64')
  return { ...proved, signature, os: newcomer.os, agentVersion: newcomer.agentVersion }
}

function identityOf(
  { host, fleet, certificate, expiresAt }: Enrolled,
  url: string,
  authority: string,
  key: KeyObject,
): Identity {
  return {
    format: 'fleetmend.identity/1',
    host,
    fleet,
    url,
    key: key.export({ format: 'pem', type: 'pkcs8' }),
    certificate,
    authority,
    issuedAt: new Date().toISOString(),
    expiresAt,
  }
}

function whyNot(url: string, line: Exclude<LineOpened, { kind: 'open' }>): Problem {
  if (line.kind === 'turned-away') return line.problem
  return line.kind === 'not-reached' ? notReached(url, line.says) : impostor(url, line.says)
}

/** The one call that cannot be asked about: the host is nobody there yet. */
function lost(url: string, error: unknown): Problem {
  return problem(
    'controller-unreachable',
    `The controller at ${url} was told of this host, and its answer did not arrive: ${problemOf(error).detail}\n\nNothing was written here. The join token may be used up. Try it again, and if it is, make a new one on the controller:\n    fleetmend hosts invite`,
  )
}

function strange(url: string, why: string): Problem {
  return problem(
    'internal',
    `Cannot use what the controller at ${url} answered: ${why}. Nothing was written. Compare the versions of the two sides.`,
  )
}
