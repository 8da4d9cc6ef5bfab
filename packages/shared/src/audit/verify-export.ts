/**
 * Checks an audit, line by line as it is read, without asking anybody: every hash and every link, every signature of hosts
 * and approvers, and that what was applied is what was signed. Whatever the lines are, it answers.
 */
import { createHash } from 'node:crypto'
import type { Approvers } from '../approval/allowed-signers.ts'
import { canonicalBytes, digestOf } from '../digest.ts'
import type { Digest, HostId, RunId } from '../model/ids.ts'
import { checkChain } from './chain-check.ts'
import { ControllerEntry } from './controller-entry.ts'
import { ExportLine, type ExportedEvent } from './export-lines.ts'
import { checkHost, type HostCheck } from './host-check.ts'
import { follows } from './line-order.ts'
import { checkRun, type CheckedRun } from './run-check.ts'
import { openVerdicts, type Verification } from './verification.ts'

export interface VerifyOptions {
  /** Against which signatures are held; null: only against the keys that they name. */
  readonly approvers: Approvers | null
}

export interface ExportVerifier {
  /** The bytes of the file, in pieces of any size. */
  add(piece: Uint8Array): void
  /** After the last piece. */
  end(): Verification
}

/** Nothing that is written is longer; what is, is not read. */
const longestLine = 8 * 1024 * 1024

export function exportVerifier(options: VerifyOptions): ExportVerifier {
  const verdicts = openVerdicts()
  const hash = createHash('sha256')
  const chain = checkChain("The controller's record", verdicts)
  const hosts = new Map<HostId, HostCheck>()
  const anchors = new Map<string, Digest>()
  const events = new Map<RunId, ExportedEvent[]>()
  const eventHashes = new Map<number, Digest>()
  let head: Extract<ExportLine, { line: 'export' }> | null = null
  let end: Extract<ExportLine, { line: 'end' }> | null = null
  let before: ExportLine | null = null
  let lines = 0

  function hostOf(id: HostId): HostCheck {
    const known = hosts.get(id) ?? checkHost(id, verdicts)
    hosts.set(id, known)
    return known
  }

  function take(line: ExportLine): void {
    switch (line.line) {
      case 'export':
        head ??= line
        if (line.run !== null) verdicts.cannotTell(`Of other runs than ${line.run} only the hashes are in this audit.`)
        return
      case 'controller':
        return takeRecord(line)
      case 'event':
        return takeEvent(line.event)
      case 'host':
        return hostOf(line.host).kept(line)
      case 'host-record':
        return hostOf(line.host).record(line.record)
      case 'host-now':
        return hostOf(line.host).now(line.head)
      case 'host-record-now':
        return hostOf(line.host).recordNow(line.record)
      case 'host-silent':
        return verdicts.cannotTell(
          `${line.host}: it did not answer, so that only what it showed before is known. ${line.says}`,
        )
      case 'end':
      // Taken before it came here.
    }
  }

  function takeRecord({ record }: Extract<ExportLine, { line: 'controller' }>): void {
    chain.add(record)
    const entry = ControllerEntry.safeParse(record.entry)
    if (!entry.success) return
    if (entry.data.type === 'began' && head !== null && entry.data.fleet !== head.fleet)
      verdicts.broken(
        'audit-broken',
        `It says that it is of fleet ${head.fleet}, and its record of ${entry.data.fleet}.`,
      )
    if (entry.data.type === 'run-event') anchors.set(`${entry.data.run} ${entry.data.revision}`, entry.data.event)
    else if (entry.data.type === 'left-out')
      verdicts.cannotTell(
        `Too many requests of kind ${entry.data.kind} came at ${record.at}; until ${entry.data.until} not all are on record.`,
      )
    else if ('host' in entry.data && entry.data.host !== null) hostOf(entry.data.host).said(entry.data, record.at)
  }

  function takeEvent(event: ExportedEvent): void {
    const digest = digestOf(event)
    const ofRun = events.get(event.run) ?? []
    ofRun.push(event)
    events.set(event.run, ofRun)
    const previous = eventHashes.get(event.sequence - 1)
    if (previous !== undefined && event.previous !== previous)
      verdicts.broken(
        'audit-broken',
        `Event ${event.sequence} of the runs does not hold the hash of the one before it.`,
      )
    eventHashes.set(event.sequence, digest)
    const anchor = anchors.get(`${event.run} ${event.revision}`)
    if (anchor === digest) anchors.delete(`${event.run} ${event.revision}`)
    else if (anchor !== undefined)
      verdicts.broken('audit-broken', `Event ${event.revision} of ${event.run} is not the one that is on record.`)
    else if (chain.first?.sequence === 1)
      verdicts.broken('audit-truncated', `Event ${event.revision} of ${event.run} is not on record.`)
    else verdicts.cannotTell(`${event.run}: event ${event.revision} is from before this audit begins.`)
  }

  function takeLine(text: string): void {
    lines++
    const line = end === null ? readLine(text) : null
    if (line?.line === 'end') {
      end = line
      if (line.lines !== lines - 1 || line.digest !== `sha256:${hash.copy().digest('hex')}`)
        verdicts.broken('audit-broken', 'It is not as it was exported: its end does not fit what stands before.')
      return
    }
    hash.update(text).update('\n')
    if (line === null) return verdicts.broken('audit-broken', `Line ${lines} is not one of an audit.`)
    if (!follows(before, line)) verdicts.broken('audit-broken', `Line ${lines} does not belong where it stands.`)
    before = line
    if (head !== null || line.line === 'export') take(line)
  }

  // Two files that differ only in bytes that are no text must not look the same.
  const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let rest = ''
  let isText = true

  function decoded(piece: Uint8Array | null): string {
    if (!isText) return ''
    try {
      return piece === null ? decoder.decode() : decoder.decode(piece, { stream: true })
    } catch {
      isText = false
      verdicts.broken('audit-broken', `It is not text: there are bytes that are no UTF-8 after line ${lines}.`)
      return ''
    }
  }

  return {
    add(piece) {
      const parts = `${rest}${decoded(piece)}`.split('\n')
      rest = parts.pop() ?? ''
      for (const each of parts) takeLine(each)
      if (rest.length > longestLine) {
        takeLine(rest)
        rest = ''
      }
    },

    end() {
      if (`${rest}${decoded(null)}` !== '') verdicts.broken('audit-truncated', 'Its last line has no end.')
      if (head === null) verdicts.broken('audit-broken', 'This is not an audit: it has no beginning.')
      if (end === null) verdicts.broken('audit-truncated', 'It is cut off: it has no end.')
      if (chain.first === null) verdicts.broken('audit-truncated', "There is nothing of the controller's record in it.")
      else if (chain.isWhole)
        verdicts.proved(`The controller's record: ${chain.words}, each with the hash of the one before.`)
      const isAll = head?.run === null && head.since === null
      if (chain.first !== null && chain.first.sequence > 1 && isAll)
        verdicts.broken('audit-truncated', `What was before record ${chain.first.sequence} of the controller is gone.`)
      else if (chain.first !== null && chain.first.sequence > 1)
        verdicts.cannotTell(
          `What was before record ${chain.first.sequence}, of ${chain.first.at}, is not in this audit.`,
        )
      const runs = new Map<RunId, CheckedRun>()
      for (const [run, mine] of events) {
        for (const [index, { revision }] of mine.entries()) {
          if (revision === index + 1) continue
          verdicts.broken('audit-truncated', `${run}: where its event ${index + 1} should be is event ${revision}.`)
          break
        }
        runs.set(run, checkRun(run, mine, options, verdicts))
      }
      for (const missing of anchors.keys()) {
        const [run = '', revision = ''] = missing.split(' ')
        if ((head?.run ?? run) === run)
          verdicts.broken('audit-truncated', `${run}: its event ${revision} is on record, and is not here.`)
      }
      for (const [id, host] of hosts) {
        host.end(chain, head?.run === null || [...runs.values()].some(({ plans }) => plans.has(id)))
        holdRuns(id, host, runs)
      }
      for (const says of neverProved) verdicts.cannotTell(says)
      return verdicts.result
    },
  }

  /** What the host has on record of runs, against what the controller says of them. */
  function holdRuns(id: HostId, host: HostCheck, runs: ReadonlyMap<RunId, CheckedRun>): void {
    const admitted = new Set<string>()
    for (const { entry, at } of host.entries) {
      if (entry.type !== 'apply-admitted') continue
      admitted.add(entry.apply)
      if (entry.run === null) continue
      const run = runs.get(entry.run)
      if (run === undefined) {
        if ((head?.run ?? null) === null && chain.first?.sequence === 1)
          verdicts.broken(
            'audit-truncated',
            `${id} applied a plan of ${entry.run} at ${at}, and the controller knows no such run.`,
          )
        continue
      }
      if (run.plans.get(id) !== entry.plan)
        verdicts.broken('audit-forked', `${id} applied another plan in ${entry.run} than the one the controller knows.`)
      if (
        run.manifest === null ||
        (entry.signed !== null && entry.authority.kind === 'approval' && entry.signed !== digestOf(run.manifest))
      )
        verdicts.broken('audit-forked', `${id} was shown another manifest of ${entry.run} than the one in this audit.`)
    }
    for (const { run, reports } of runs.values()) {
      const report = reports.get(id)
      if (report === undefined || report.outcome === 'refused') continue
      const { first } = host.chain
      if (host.anewAt !== null && report.startedAt < host.anewAt)
        verdicts.cannotTell(`${run}: what ${id} did is from before its record was taken anew.`)
      else if (host.newestHead === null || host.newestHead.head.at < (report.endedAt ?? report.startedAt))
        verdicts.cannotTell(`${run}: the newest head of ${id} is older than what it did.`)
      else if (first !== null && first.at <= report.startedAt && !admitted.has(report.apply))
        verdicts.broken(
          'audit-forked',
          `The controller says that ${id} carried out ${report.apply}; its own record knows nothing of it.`,
        )
    }
  }
}

/** True of every audit, however whole it is. */
const neverProved = [
  'That a key was in the hands of the person whose name stands beside it. Their lists of approvers say whose it is.',
  'What happened after the newest head of a host and after the newest record of the controller, if all that remember it forgot it together.',
  'What the controller alone has on record. It signs none of it: whoever took it would have the key, and sign what they made of it. It is held against what its hosts have seen of it.',
  'The times, beyond their order: they are those of the clocks of the hosts and of the controller.',
] as const

/** Null: it is no line of an audit, or not in the one form that it has. */
function readLine(text: string): ExportLine | null {
  if (text.length > longestLine) return null
  try {
    const raw: unknown = JSON.parse(text)
    // Of what was read, not of what a schema kept of it.
    if (canonicalBytes(raw).toString('utf8') !== text) return null
    const parsed = ExportLine.safeParse(raw)
    return parsed.success && canonicalBytes(parsed.data).toString('utf8') === text ? parsed.data : null
  } catch {
    // Not JSON, numbers or strings without a canonical form, or nested deeper than the stack.
    return null
  }
}
