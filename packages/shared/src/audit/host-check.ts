/**
 * The hosts of an audit: the heads that each has signed, its records where the controller has copies, and what it shows now.
 * Hosts and controller witness each other, so that neither can tell another story of what both have seen.
 */
import type { Digest, HostId, Instant } from '../model/ids.ts'
import { checkChain, type ChainCheck } from './chain-check.ts'
import type { ControllerEntry } from './controller-entry.ts'
import type { ExportLine } from './export-lines.ts'
import { HostEntry } from './host-entry.ts'
import type { AuditRecord } from './record.ts'
import { isSigned, keyDigest, type SignedHead } from './signed-head.ts'
import type { Broken, Verdicts } from './verification.ts'

type HostLine = Extract<ExportLine, { line: 'host' }>

export interface HostCheck {
  /** From the controller's chain, in its order: what it says about this host. */
  said(entry: ControllerEntry, at: Instant): void
  /** What the controller holds against it. */
  kept(line: HostLine): void
  record(record: AuditRecord): void
  now(head: SignedHead | null): void
  recordNow(record: AuditRecord): void
  /** After all lines. `isExpected`: an audit like this one holds what the controller keeps of this host. */
  end(controller: ChainCheck, isExpected: boolean): void
  /** What it put on record itself, where that is in the audit. */
  readonly entries: readonly { readonly sequence: number; readonly at: string; readonly entry: HostEntry }[]
  readonly chain: ChainCheck
  readonly newestHead: SignedHead | null
  /** Since when its record is this one: it enrolled, or a person took it as it was. */
  readonly anewAt: Instant | null
}

export function checkHost(host: HostId, verdicts: Verdicts): HostCheck {
  const chain = checkChain(`The record of ${host}`, verdicts)
  const chainNow = checkChain(`The record that ${host} shows now`, verdicts)
  const entries: { sequence: number; at: string; entry: HostEntry }[] = []
  const witnessed: { sequence: number; hash: Digest; at: string }[] = []
  /** Signed since it last enrolled. */
  let heads: SignedHead[] = []
  let key: string | null = null
  let anewAt: Instant | null = null
  let holds = true
  let line: HostLine | null = null
  let shownNow: SignedHead | null | undefined
  let alarm: { code: string; says: string } | null = null

  function broken(code: Broken['code'], says: string): void {
    holds = false
    verdicts.broken(code, `${host}: ${says}`)
  }

  function begins(publicKey: string | null): void {
    if (heads.length > 0)
      verdicts.cannotTell(`${host}: what it had on record before it was taken anew is not in this audit.`)
    key = publicKey ?? key
    heads = []
    alarm = null
  }

  function checkHead(signed: SignedHead, where: string): boolean {
    if (key !== null && signed.publicKey !== key) {
      broken('audit-key-changed', `${where} is signed with another key than the one that it enrolled with.`)
      return false
    }
    if (isSigned(signed) && signed.head.host === host) return true
    broken('audit-key-changed', `${where} is not signed by it.`)
    return false
  }

  function signed(head: SignedHead): void {
    if (!checkHead(head, `its head ${head.head.sequence}`)) return
    const before = heads.at(-1)?.head
    const { sequence, hash } = head.head
    if (before && sequence < before.sequence)
      broken('audit-truncated', `it signed record ${before.sequence}, and later record ${sequence} as its newest.`)
    if (before?.sequence === sequence && before.hash !== hash)
      broken('audit-forked', `it signed two different records ${sequence}.`)
    heads.push(head)
  }

  return {
    chain,
    entries,
    get newestHead() {
      return heads.at(-1) ?? null
    },

    get anewAt() {
      return anewAt
    },

    said(entry, at) {
      const isPinned = entry.type === 'host-enrolled' || entry.type === 'host-added'
      if (isPinned || entry.type === 'alarm-accepted') anewAt = at
      if (isPinned) begins(entry.publicKey)
      if (entry.type === 'host-alarm') alarm = { code: entry.code, says: entry.says }
      if (entry.type === 'host-head') signed(entry.head)
      if (entry.type !== 'alarm-accepted') return
      verdicts.cannotTell(`${host}: ${entry.by} took its record as it was in spite of ${entry.code}: ${entry.reason}`)
      begins(null)
    },

    kept(kept) {
      line = kept
    },
    record(record) {
      chain.add(record)
      const entry = HostEntry.safeParse(record.entry)
      if (!entry.success) return
      entries.push({ sequence: record.sequence, at: record.at, entry: entry.data })
      noteLoss(entry.data, record)
    },
    now(head) {
      shownNow = head
    },
    recordNow(record) {
      chainNow.add(record)
      const kept = chain.hashOf(record.sequence)
      if (kept !== undefined && kept !== chainNow.end?.hash)
        broken(
          'audit-forked',
          `it shows another record ${record.sequence} now than the one that the controller has copied.`,
        )
      const entry = HostEntry.safeParse(record.entry)
      if (entry.success && entry.data.type === 'controller-head') witnessed.push({ ...entry.data, at: record.at })
    },

    end(controller, isExpected) {
      if (line === null && isExpected && heads.length > 0)
        broken('audit-truncated', 'what the controller keeps of it is gone.')
      if (alarm !== null) broken(codeOf(alarm.code), alarm.says)
      if (line !== null) endKept(line)
      // Of a host that this audit is not about, only the heads are here.
      if (line !== null) for (const { head } of heads) covered(chain, head)
      if (shownNow !== undefined) endNow(shownNow)
      for (const seen of witnessed) holdController(controller, seen)
      const from = chain.first?.sequence ?? 1
      if (from > 1) verdicts.cannotTell(`${host}: what it did before its record ${from} is not in this audit.`)
      if (heads.length === 0 && line?.head === null)
        verdicts.cannotTell(`${host}: it has signed nothing of its own record that the controller knows of.`)
      else if (line !== null && holds && chain.isWhole)
        verdicts.proved(`${host}: ${chain.words}; they fit what it signed of them (${counted(heads.length)}).`)
    },
  }

  function noteLoss(entry: HostEntry, { at }: AuditRecord): void {
    if (entry.type === 'controller-head') witnessed.push({ ...entry, at })
    if (entry.type === 'repaired')
      verdicts.cannotTell(
        `${host}: the last ${entry.lostBytes} bytes of its record were no record at ${at}, and were cut off.`,
      )
    if (entry.type === 'left-out')
      verdicts.cannotTell(
        `${host}: too many of kind ${entry.kind} came at ${at}; until ${entry.until} not all are on record.`,
      )
  }

  function endKept({ publicKey, head }: HostLine): void {
    if (key === null) {
      verdicts.cannotTell(
        `${host}: it enrolled before this audit begins; that its key is ${keyDigest(publicKey)} is the controller's word.`,
      )
      key = publicKey
    } else if (publicKey !== key)
      broken('audit-key-changed', 'the controller keeps another key for it than the one that it enrolled with.')
    if (head === null && heads.length > 0) broken('audit-truncated', 'the controller has lost its newest head.')
    if (head === null || !checkHead(head, 'the head that the controller keeps')) return
    const newest = heads.at(-1)?.head
    if (newest && (newest.sequence !== head.head.sequence || newest.hash !== head.head.hash))
      broken(
        'audit-truncated',
        `the controller keeps head ${head.head.sequence}, and its own record says ${newest.sequence}.`,
      )
    if (newest === undefined) heads.push(head)
  }

  /** Whether a signed head is the hash of the record of its number. */
  function covered(records: ChainCheck, { sequence, hash }: SignedHead['head']): void {
    const found = records.hashOf(sequence)
    if (found === hash) return
    if (found !== undefined)
      return broken('audit-forked', `it signed another record ${sequence} than the one in this audit.`)
    const { first, last } = records
    // One from before the first is told of below.
    if (first === null || last === null || sequence > last.sequence)
      broken('audit-truncated', `it signed record ${sequence}, and its records end at ${last?.sequence ?? 0}.`)
  }

  function endNow(head: SignedHead | null): void {
    const before = heads.at(-1)?.head
    if (head === null) {
      if (before) broken('audit-truncated', `it shows no record now, and had signed record ${before.sequence}.`)
      return
    }
    if (!checkHead(head, 'the head that it shows now')) return
    if (before && head.head.sequence < before.sequence)
      return broken(
        'audit-truncated',
        `its record ends at ${head.head.sequence} now, and it had signed record ${before.sequence}.`,
      )
    covered(chainNow, head.head)
    if (before) covered(chainNow, before)
    if (holds && chainNow.isWhole)
      verdicts.proved(`${host}: what it shows now, ${chainNow.words}, goes on from what it had signed.`)
  }

  function holdController(controller: ChainCheck, seen: (typeof witnessed)[number]): void {
    const found = controller.hashOf(seen.sequence)
    const { last } = controller
    if (found === seen.hash) return
    if (found !== undefined)
      verdicts.broken('audit-forked', `The controller showed ${host} another record ${seen.sequence} at ${seen.at}.`)
    else if (last === null || seen.sequence > last.sequence)
      verdicts.broken(
        'audit-truncated',
        `The controller showed ${host} its record ${seen.sequence} at ${seen.at}, and this audit ends at ${last?.sequence ?? 0}.`,
      )
  }
}

function counted(heads: number): string {
  return heads === 1 ? 'one head' : `${heads} heads`
}

const codes = ['audit-broken', 'audit-truncated', 'audit-forked', 'audit-key-changed'] as const

function codeOf(code: string): Broken['code'] {
  return codes.find((each) => each === code) ?? 'audit-broken'
}
