/** What a host shows of its chain, held against what is known of it. Pure. */
import {
  digestOf,
  isSigned,
  problem,
  whyNotNext,
  type AuditHead,
  type AuditRecord,
  type ChainEnd,
  type HostId,
  type Problem,
  type SignedHead,
} from '@fleetmend/shared'

export interface KnownOfHost {
  readonly host: HostId
  readonly fleet: string
  readonly publicKey: string
  readonly head: SignedHead | null
}

export type HeadHeld =
  /** It has nothing on record yet, and never had. */
  | { readonly is: 'nothing' }
  | { readonly is: 'same' }
  /** To be shown: the records from the one that is known up to this one. */
  | { readonly is: 'newer'; readonly head: SignedHead }
  | { readonly is: 'alarm'; readonly problem: Problem }

export function holdHead(known: KnownOfHost, shown: SignedHead | null): HeadHeld {
  const { host, fleet, publicKey, head: before } = known
  if (shown === null) {
    return before === null
      ? { is: 'nothing' }
      : alarm('audit-truncated', `${host} shows no record, and had signed its record ${before.head.sequence}.`)
  }
  if (shown.publicKey !== publicKey)
    return alarm('audit-key-changed', `${host} signs its record with another key than the one that it enrolled with.`)
  if (!isSigned(shown))
    return alarm('audit-key-changed', `What ${host} shows of its record is not signed with its key.`)
  if (shown.head.host !== host || shown.head.fleet !== fleet)
    return alarm('audit-forked', `${host} shows the record of ${shown.head.host} in fleet ${shown.head.fleet}.`)
  if (before === null) return { is: 'newer', head: shown }
  if (shown.head.sequence < before.head.sequence) {
    return alarm(
      'audit-truncated',
      `The record of ${host} ends at ${shown.head.sequence}, and it had signed record ${before.head.sequence} at ${before.head.at}.`,
    )
  }
  if (shown.head.sequence > before.head.sequence) return { is: 'newer', head: shown }
  return shown.head.hash === before.head.hash
    ? { is: 'same' }
    : alarm(
        'audit-forked',
        `${host} signed two different records ${before.head.sequence}, the first at ${before.head.at}.`,
      )
}

/** The chain as far as its records were shown: it has to begin with the one that is known. */
export interface Walked {
  readonly end: ChainEnd | null
  readonly problem: Problem | null
}

/** A page of a host's records, after those before it. `known`: what the first of them must be. */
export function walk(
  host: HostId,
  from: ChainEnd | null,
  known: ChainEnd | null,
  records: readonly AuditRecord[],
): Walked {
  let end = from
  for (const record of records) {
    if (end === null && known !== null && record.sequence !== known.sequence)
      return broken('audit-truncated', `${host} has no record ${known.sequence} any more, which it had signed.`)
    const says = end === null ? null : whyNotNext(end, record)
    if (says !== null) return broken('audit-broken', `The record of ${host} does not hold together. ${says}`)
    end = { sequence: record.sequence, hash: digestOf(record) }
    if (record.sequence === known?.sequence && end.hash !== known.hash)
      return broken('audit-forked', `${host} shows another record ${known.sequence} than the one that it had signed.`)
  }
  return { end, problem: null }
}

/** After the last page. */
export function whyNotThere(host: HostId, end: ChainEnd | null, head: AuditHead): Problem | null {
  if (end?.sequence === head.sequence && end.hash === head.hash) return null
  return problem(
    'audit-forked',
    `${host} signed its record ${head.sequence}, and the records that it shows end with another one.`,
  )
}

function broken(code: Problem['code'], detail: string): Walked {
  return { end: null, problem: problem(code, detail) }
}

function alarm(code: Problem['code'], detail: string): HeadHeld {
  return { is: 'alarm', problem: problem(code, detail) }
}
