/** The newest part of one log that reaches back to a moment, found by its stamps without reading what is older. */
import type { OpenLog } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { firstStamp, type LogStamp, type LogStamps } from '../readings/log-stamps.ts'

export interface LogPart {
  readonly text: string
  /** The first stamp in it: from there on there is nothing missing. */
  readonly firstMs: number | null
  /** Nothing before it is wanted. */
  readonly reaches: boolean
  /** It begins where the log begins. */
  readonly isWhole: boolean
  /** All that is wanted of this log, read or not. */
  readonly wantedBytes: number
}

export interface LogSearch {
  readonly stamps: LogStamps
  /** On the scale of the stamps. */
  readonly since: number
  /** Read at once, and all there is to it where they reach. */
  readonly tailBytes: number
  readonly limitBytes: number
  /** Where the limit leaves out a part of what is wanted, what was written around these is read all the same. */
  readonly moments?: readonly number[]
}

/** Lines of several processes come late by this much at most: nginx looks at the clock once per round of events. */
const disorderMs = 60_000
const blockBytes = 16 * 1024
/** A stamp stands this near to the beginning of its line. */
const stampBytes = 1024
/** A line may be longer than a block; after so many blocks without a stamp the search goes on elsewhere. */
const blocksPerProbe = 16
/** logrotate's `copytruncate` leaves a hole behind where a program goes on writing at its old offset. */
const holeBytes = 4096
const momentBytes = 64 * 1024
const momentMs = 3000
const mostMoments = 16

/** Null where the log has become shorter meanwhile. */
export async function newestPart(log: OpenLog, search: LogSearch): Promise<LogPart | null> {
  const { sizeBytes } = log.facts
  const tailFrom = Math.max(0, sizeBytes - Math.min(search.tailBytes, search.limitBytes))
  const tail = await log.read(tailFrom, sizeBytes - tailFrom)
  if (tail.length < sizeBytes - tailFrom) return null
  const part = partOf(search, tail, tailFrom, sizeBytes)
  if (part.reaches || part.isWhole || search.limitBytes <= search.tailBytes) return part
  const begins = await findBegin(log, search, search.since - disorderMs, { from: 0, to: tailFrom })
  const from = Math.max(begins, sizeBytes - search.limitBytes)
  const all = new Uint8Array(sizeBytes - from)
  const older = await log.read(from, tailFrom - from)
  if (older.length < tailFrom - from) return null
  all.set(older)
  all.set(tail, tailFrom - from)
  const longer = partOf(search, all, from, sizeBytes - begins)
  if (longer.reaches || longer.isWhole || search.moments === undefined) return longer
  const around = await aroundMoments(log, search, longer.firstMs, { from: begins, to: from })
  return { ...longer, text: around + longer.text }
}

/** What was read from there on, without the rest of an entry that began before. */
function partOf({ stamps, since }: LogSearch, bytes: Uint8Array, from: number, wantedBytes: number): LogPart {
  const isHole = bytes.length > holeBytes && bytes.subarray(0, holeBytes).every((byte) => byte === 0)
  const isWhole = from === 0 || isHole
  const lines = textOf(from === 0 && !isHole ? bytes : bytes.subarray(lineBegin(bytes, isHole)))
  const first = firstStamp(stamps, lines)
  const text = isWhole ? lines : lines.slice(first?.at)
  const reaches = first !== null && first.ms < since - disorderMs
  return { text, firstMs: first?.ms ?? null, reaches, isWhole, wantedBytes }
}

/** After the first line break, or after the zeros of a hole; without either there is nothing but the rest of a line. */
function lineBegin(bytes: Uint8Array, isHole: boolean): number {
  if (isHole)
    return Math.max(
      0,
      bytes.findIndex((byte) => byte !== 0),
    )
  const lineBreak = bytes.indexOf(0x0a)
  return lineBreak < 0 ? bytes.length : lineBreak + 1
}

interface Range {
  readonly from: number
  readonly to: number
}

/**
 * Bisects for where lines of `since` and later begin: at a line that is older, or at `from` where there is none. Where no
 * stamp can be found it goes towards the beginning, which can only make the answer too early.
 */
async function findBegin(log: OpenLog, { stamps }: LogSearch, since: number, { from, to }: Range): Promise<number> {
  let [older, newer] = [from, to]
  while (newer - older > blockBytes) {
    const middle = Math.floor((older + newer) / 2)
    const stamp = await stampAfter(log, stamps, { from: middle, to: newer })
    if (stamp !== null && stamp.ms < since) older = stamp.at
    else newer = middle
  }
  return older
}

/** Of the first line with a stamp that begins within the range. */
async function stampAfter(log: OpenLog, stamps: LogStamps, { from, to }: Range): Promise<LogStamp | null> {
  for (let i = 0, at = from; i < blocksPerProbe && at < to; i++, at += blockBytes - stampBytes) {
    const text = textOf(await log.read(at, Math.min(blockBytes, to + stampBytes - at)))
    const lineBreak = text.indexOf('\n')
    const stamp = lineBreak < 0 ? null : firstStamp(stamps, text, lineBreak + 1)
    if (stamp !== null) return at + stamp.at < to ? { at: at + stamp.at, ms: stamp.ms } : null
  }
  return null
}

/** Oldest first; a moment that the text of an earlier one covers is not read again. */
async function aroundMoments(log: OpenLog, search: LogSearch, before: number | null, range: Range): Promise<string> {
  const wanted = [...new Set(search.moments)].filter((ms) => ms >= search.since && ms < (before ?? Infinity))
  let text = ''
  let { from } = range
  for (const ms of wanted.toSorted((a, b) => a - b).slice(-mostMoments)) {
    const at = Math.max(from, await findBegin(log, search, ms - momentMs, { from, to: range.to }))
    const bytes = await log.read(at, Math.min(momentBytes, range.to - at))
    const begin = at === range.from ? 0 : lineBegin(bytes, false)
    const lines = textOf(bytes.subarray(begin, bytes.lastIndexOf(0x0a) + 1))
    text += lines.slice(firstStamp(search.stamps, lines)?.at)
    from = at + Math.max(0, bytes.lastIndexOf(0x0a))
  }
  return text
}
