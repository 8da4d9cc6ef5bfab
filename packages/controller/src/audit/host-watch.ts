/**
 * Watches over the chains of hosts: whenever one connects or has done something, what it shows is held against what it
 * signed before, and its new records are copied. What does not fit is an alarm that stays until a person has looked.
 */
import {
  AuditRecord,
  canonicalBytes,
  inTurnOfEach,
  keyDigest,
  problem,
  problemOf,
  SignedHead,
  type ChainEnd,
  type HostId,
  type Problem,
  type RunId,
} from '@fleetmend/shared'
import type { Session } from '../fleet/session.ts'
import { tokenBuckets } from '../people/token-buckets.ts'
import type { Clock } from '../runs/clock.ts'
import { appendRecord, chainEnd } from '../store/audit-records.ts'
import { getHostAudit, keepHead, keepHostRecords, pinHost, setAlarm, type HostAudit } from '../store/host-audits.ts'
import { getHost } from '../store/hosts.ts'
import type { Database } from '../store/tables.ts'
import { holdHead, walk, whyNotThere } from './hold-against.ts'

export interface HostWatchParts {
  readonly database: Database
  readonly fleet: string
  readonly clock: Pick<Clock, 'nowMs'>
  readonly log: (line: string) => void
}

export interface HostWatch {
  /** What it says of its record in `hello`. */
  connected(session: Session): Promise<void>
  /** Told where the controller's own record stands, and asked for its head; with the run, if it was for one. */
  applied(session: Session, run: RunId | null): Promise<void>
  /** Somebody in its place has another SSH key. */
  otherHostKey(host: HostId, told: Problem): Promise<void>
}

const pageRecords = 200
/** A host writes some hundred bytes for each thing that is asked of it; what has grown by more than this was not written by an agent. */
const mostBytes = 8 * 1024 * 1024
const limitMs = 15_000
/** For all of it: whoever waits for a host's report waits for this, too. */
const wholeLimitMs = 30_000
/** A host that keeps coming back is looked at now and then. */
const looks = { burst: 10, perSecond: 1 / 60 }

export function watchHosts(parts: HostWatchParts): HostWatch {
  const turn = inTurnOfEach<HostId>()
  const mayLook = tokenBuckets(looks, () => parts.clock.nowMs())

  /** One after the other for each host: both look at what is known, and change it. */
  function inTurn(host: HostId, work: () => Promise<void>): Promise<void> {
    return turn(host, work).catch((error: unknown) => {
      // It is asked again the next time that it connects.
      parts.log(`the record of ${host} could not be looked at: ${problemOf(error).detail}`)
    })
  }

  return {
    async connected(session) {
      if (mayLook.take(session.host) > 0) return
      await inTurn(session.host, () => hold(parts, session, session.hello.audit ?? null, null))
    },
    otherHostKey: (host, told) =>
      inTurn(host, async () => {
        const known = await getHostAudit(parts.database, host)
        if (known) await raise(parts, known, told, null)
      }),
    applied: (session, run) =>
      inTurn(session.host, async () => {
        const { audit } = session.agent
        // First, so that the host's signature is over what it was shown, too.
        const mine = await chainEnd(parts.database)
        if (mine) await audit.witness.mutate(mine, { context: { limitMs } })
        const said = SignedHead.safeParse(await audit.head.query(undefined, { context: { limitMs } }))
        await hold(parts, session, said.success ? said.data : null, run)
      }),
  }
}

async function hold(
  parts: HostWatchParts,
  session: Session,
  shown: SignedHead | null,
  run: RunId | null,
): Promise<void> {
  const { database, fleet } = parts
  const known = (await getHostAudit(database, session.host)) ?? (await firstSight(database, session.host, shown))
  if (!known) return
  const held = holdHead({ ...known, fleet }, shown)
  if (held.is === 'nothing') return
  if (held.is === 'alarm') return raise(parts, known, held.problem, shown)
  if (held.is === 'same') {
    // What a run is known by: where the record of each of its hosts stood when it was done with it.
    if (run !== null && known.head !== null) await keep(parts, known, { head: known.head, run, records: [] })
    return
  }
  const fetched = await fetchUpTo(session, known, held.head)
  if (!fetched.ok) return raise(parts, known, fetched.problem, shown)
  await keep(parts, known, { head: held.head, run, records: fetched.records })
}

interface Shown {
  readonly head: SignedHead
  readonly run: RunId | null
  readonly records: readonly AuditRecord[]
}

/** Together or not at all: what is kept of a host is what the controller's own record says of it. */
async function keep(
  { database, clock }: HostWatchParts,
  known: HostAudit,
  { head, run, records }: Shown,
): Promise<void> {
  const { host } = known
  await database.transaction().execute(async (transaction) => {
    await keepHostRecords(transaction, known, records)
    await keepHead(transaction, host, head)
    await appendRecord(transaction, { type: 'host-head', host, run, head }, instantOf(clock))
  })
}

/** A host that enrolled before there were records: its key is the one that it shows at every connection. */
async function firstSight(database: Database, host: HostId, shown: SignedHead | null): Promise<HostAudit | null> {
  const known = await getHost(database, host)
  if (!known || shown === null || keyDigest(shown.publicKey) !== known.keyFingerprint) return null
  await pinHost(database, host, shown.publicKey)
  return getHostAudit(database, host)
}

type Fetched =
  | { readonly ok: true; readonly records: readonly AuditRecord[] }
  | { readonly ok: false; readonly problem: Problem }

/** The records after the one that is known, walked page by page; the one that is known is shown again, to be compared. */
async function fetchUpTo({ agent, host }: Session, known: HostAudit, { head }: SignedHead): Promise<Fetched> {
  const before: ChainEnd | null = known.head?.head ?? null
  const records: AuditRecord[] = []
  const endsMs = performance.now() + wholeLimitMs
  let bytes = 0
  let end: ChainEnd | null = null
  while ((end?.sequence ?? 0) < head.sequence) {
    const from = end === null ? (before?.sequence ?? 1) : end.sequence + 1
    if (performance.now() > endsMs) throw new Error(`it took more than ${wholeLimitMs / 1000} s to show its records`)
    const said = await agent.audit.records.query({ from, limit: pageRecords }, { context: { limitMs } })
    const page = readPage(said, head.sequence)
    if (page === null) return refuse('audit-broken', `${host} answered with something that is no record.`)
    if (page.length === 0) break
    const walked = walk(host, end, before, page)
    if (walked.problem !== null) return { ok: false, problem: walked.problem }
    end = walked.end
    records.push(...page.filter(({ sequence }) => sequence > (before?.sequence ?? 0)))
    bytes += JSON.stringify(page).length
    if (bytes > mostBytes)
      return refuse('audit-broken', `The record of ${host} grew by more than ${mostBytes} bytes at once.`)
  }
  const why = whyNotThere(host, end, head)
  return why === null ? { ok: true, records } : { ok: false, problem: why }
}

/** Up to the one that was signed: the host may have written more meanwhile. */
function readPage(said: unknown, last: number): readonly AuditRecord[] | null {
  if (!Array.isArray(said) || said.length > pageRecords) return null
  const page: AuditRecord[] = []
  for (const each of said) {
    const record = AuditRecord.safeParse(each)
    // As it will be stored and exported; nothing that a host writes comes near.
    if (!record.success || !hasCanonicalForm(record.data)) return null
    if (record.data.sequence <= last) page.push(record.data)
  }
  return page
}

const mostBytesOfOne = 8 * 1024

/** Half of a surrogate pair has none, nor has what is nested too deep. */
function hasCanonicalForm(record: AuditRecord): boolean {
  try {
    return canonicalBytes(record).length <= mostBytesOfOne
  } catch {
    return false
  }
}

/** Once for each kind of trouble: a host that connects again and again does not fill the record with the same. */
async function raise(
  { database, clock, log }: HostWatchParts,
  { host, alarm }: HostAudit,
  { code, detail }: Problem,
  shown: SignedHead | null,
): Promise<void> {
  if (alarm?.code === code) return
  log(`ALARM ${code}: ${detail}`)
  const at = instantOf(clock)
  await database.transaction().execute(async (transaction) => {
    await setAlarm(transaction, host, { code, at, says: detail })
    await appendRecord(transaction, { type: 'host-alarm', host, code, says: detail, shown }, at)
  })
}

function refuse(code: Problem['code'], detail: string): Fetched {
  return { ok: false, problem: problem(code, detail) }
}

function instantOf(clock: Pick<Clock, 'nowMs'>): string {
  return new Date(clock.nowMs()).toISOString()
}
