/** The record as a file that proves itself: everything about a run, or from an instant on, or all there is. */
import { createHash } from 'node:crypto'
import { canonicalBytes, problemOf, type ExportLine, type RunId } from '@fleetmend/shared'
import type { Session } from '../fleet/session.ts'
import type { Sessions } from '../fleet/sessions.ts'
import type { Clock } from '../runs/clock.ts'
import { firstRecord, recordsFrom } from '../store/audit-records.ts'
import { firstHostRecord, hostRecordsFrom, listHostAudits, type HostAudit } from '../store/host-audits.ts'
import { storedEvents } from '../store/run-events.ts'
import type { Database } from '../store/tables.ts'

export interface ExportParts {
  readonly database: Database
  readonly fleet: string
  readonly clock: Pick<Clock, 'nowMs'>
  readonly sessions: Pick<Sessions, 'get'>
}

export interface ExportScope {
  readonly run?: RunId | undefined
  readonly since?: string | undefined
  /** Hosts are asked for their own records too. */
  readonly live?: boolean | undefined
}

const pageRows = 500

/** Lines, each with its line break. */
export async function* exportAudit(parts: ExportParts, scope: ExportScope): AsyncGenerator<string> {
  const hash = createHash('sha256')
  let lines = 0
  for await (const text of body(parts, scope)) {
    lines++
    hash.update(text)
    yield text
  }
  yield textOf({ line: 'end', lines, digest: `sha256:${hash.digest('hex')}` })
}

async function* body({ database, fleet, clock, sessions }: ExportParts, scope: ExportScope): AsyncGenerator<string> {
  const { run, since, live = false } = scope
  const exportedAt = new Date(clock.nowMs()).toISOString()
  const format = 'fleetmend.audit-export/1'
  yield textOf({ line: 'export', format, fleet, exportedAt, run: run ?? null, since: since ?? null })

  /** Of the runs that the record names from here on. */
  const runs = new Set<string>(run === undefined ? [] : [run])
  let from = (await firstRecord(database, { run, since })) ?? Number.MAX_SAFE_INTEGER
  for (;;) {
    const rows = await recordsFrom(database, from, pageRows)
    for (const row of rows) {
      // As it is stored: whether it is what it should be is for whoever verifies.
      yield `{"line":"controller","record":${row.record}}\n`
      if (run === undefined && row.type === 'run-event' && row.run !== null) runs.add(row.run)
    }
    const last = rows.at(-1)
    if (last === undefined) break
    from = last.sequence + 1
  }

  const hostsOfRun = new Set<string>()
  let after = 0
  for (;;) {
    const rows = await storedEvents(database, run ?? null, after, pageRows)
    for (const row of rows) {
      if (!runs.has(row.run)) continue
      yield `{"event":${row.entry},"line":"event"}\n`
      if (run !== undefined && row.type === 'started') for (const host of hostsIn(row.entry)) hostsOfRun.add(host)
    }
    const last = rows.at(-1)
    if (last === undefined) break
    after = last.sequence
  }

  for (const audit of await listHostAudits(database)) {
    if (run !== undefined && !hostsOfRun.has(audit.host)) continue
    yield* hostLines(database, audit, scope)
    if (live) yield* linesNow(audit, sessions.get(audit.host))
  }
}

async function* hostLines(database: Database, audit: HostAudit, scope: ExportScope): AsyncGenerator<string> {
  const { host, publicKey, head, alarm } = audit
  yield textOf({ line: 'host', host, publicKey, head, alarm })
  let from = await firstHostRecord(database, audit, scope)
  for (;;) {
    const rows = await hostRecordsFrom(database, audit, from, pageRows)
    for (const { record } of rows) yield `{"host":"${host}","line":"host-record","record":${record}}\n`
    const last = rows.at(-1)
    if (last === undefined) return
    from = last.sequence + 1
  }
}

const limitMs = 15_000
/** As far back as the head that it had signed, and no further than this. */
const mostRecords = 20_000

async function* linesNow(audit: HostAudit, session: Session | null): AsyncGenerator<string> {
  const { host } = audit
  if (!session) {
    yield textOf({ line: 'host-silent', host, says: 'It is not connected.' })
    return
  }
  try {
    yield* await shownNow(audit, session)
  } catch (error) {
    yield textOf({ line: 'host-silent', host, says: problemOf(error).detail.toWellFormed() })
  }
}

/** All of it or nothing: what a host shows in part looks as if the rest were gone. */
async function shownNow({ host, head: known }: HostAudit, { agent }: Session): Promise<readonly string[]> {
  const head = await agent.audit.head.query(undefined, { context: { limitMs } })
  const lines = [textOf({ line: 'host-now', host, head })]
  const last = head?.head.sequence ?? 0
  for (let from = known?.head.sequence ?? 1; from <= last && lines.length < mostRecords;) {
    const page = await agent.audit.records.query({ from, limit: 200 }, { context: { limitMs } })
    if (page.length === 0) break
    for (const record of page) lines.push(textOf({ line: 'host-record-now', host, record }))
    from = (page.at(-1)?.sequence ?? from) + 1
  }
  return lines
}

function textOf(line: ExportLine): string {
  return `${canonicalBytes(line).toString('utf8')}\n`
}

function hostsIn(entry: string): readonly string[] {
  const { event } = JSON.parse(entry) as { readonly event?: { readonly hosts?: unknown } }
  return Array.isArray(event?.hosts) ? event.hosts.filter((each) => typeof each === 'string') : []
}
