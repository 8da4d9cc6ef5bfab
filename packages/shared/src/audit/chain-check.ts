/** One chain, checked record by record: whether each follows the one before, and what hash each number has. */
import { digestOf } from '../digest.ts'
import type { Digest, Instant } from '../model/ids.ts'
import { whyNotNext, type ChainEnd } from './chain.ts'
import type { AuditRecord } from './record.ts'
import type { Verdicts } from './verification.ts'

export interface ChainCheck {
  readonly first: AuditRecord | null
  readonly last: AuditRecord | null
  readonly end: ChainEnd | null
  add(record: AuditRecord): void
  hashOf(sequence: number): Digest | undefined
  /** Every record follows the one before. */
  readonly isWhole: boolean
  /** As `3 records, 5 to 7`. */
  readonly words: string
}

/** `whose` begins a sentence: `The record of web-1`. */
export function checkChain(whose: string, verdicts: Verdicts): ChainCheck {
  const hashes = new Map<number, Digest>()
  let first: AuditRecord | null = null
  let last: AuditRecord | null = null
  let end: ChainEnd | null = null
  let latest: Instant = ''
  let isWhole = true
  return {
    get first() {
      return first
    },
    get last() {
      return last
    },
    get end() {
      return end
    },
    add(record) {
      const says = whyNotNext(end, record)
      if (says !== null) {
        isWhole = false
        verdicts.broken('audit-broken', `${whose} does not hold together. ${says}`)
      }
      if (record.at < latest)
        verdicts.cannotTell(`${whose} goes back in time at ${record.sequence}: a clock was set, at ${record.at}.`)
      latest = record.at
      first ??= record
      last = record
      end = { sequence: record.sequence, hash: digestOf(record) }
      hashes.set(end.sequence, end.hash)
    },
    hashOf: (sequence) => hashes.get(sequence),
    get isWhole() {
      return isWhole
    },
    get words() {
      if (first === null || last === null) return 'no records'
      return first === last
        ? `1 record, ${first.sequence}, of ${first.at}`
        : `${hashes.size} records, ${first.sequence} to ${last.sequence}, from ${first.at} to ${last.at}`
    },
  }
}
