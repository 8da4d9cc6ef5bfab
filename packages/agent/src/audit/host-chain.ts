/**
 * The host's own record of what was asked of it and what became of that: a chain in the state folder, each record on disk
 * when the call answers. A record that cannot be written is a value, so that whoever is about to do something can leave it.
 */
import { readFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { HostId } from '@fleetmend/shared'
import type { HostEntry } from '@fleetmend/shared/audit/host-entry'
import type { AuditRecord } from '@fleetmend/shared/audit/record'
import { nextRecord, type ChainEnd } from '@fleetmend/shared/audit/chain'
import { canonicalBytes } from '@fleetmend/shared/digest'
import { saysOf } from '../state/durable.ts'
import type { StatePaths } from '../state/state-paths.ts'
import { lockChain } from './chain-lock.ts'
import {
  beginSegment,
  dropOldSegments,
  listSegments,
  makeFolder,
  readEnd,
  segmentBytes,
  wholeLines,
  writeAt,
} from './segments.ts'

/** Whose chain it is, and what time it is there. */
export interface Recorder {
  readonly state: Pick<StatePaths, 'audit'>
  readonly host: { readonly id: HostId; nowMs(): number }
}

export type OnRecord =
  | { readonly ok: true; readonly end: ChainEnd }
  /** A clause about why not. */
  | { readonly ok: false; readonly says: string }

/** The chain while nobody else can write to it. */
export interface HeldChain {
  append(entry: HostEntry): Promise<void>
  /** The newest record of a kind that is kept, or of those for which something holds. */
  newest<Type extends HostEntry['type']>(
    type: Type,
    holds?: (entry: EntryOf<Type>) => boolean,
  ): Promise<EntryOf<Type> | null>
  /** How many of a kind came in the last hour, as far as the newest segment reaches. */
  lately(type: HostEntry['type']): number
}

type EntryOf<Type extends HostEntry['type']> = Extract<HostEntry, { type: Type }>

/** Puts entries on record. */
export function record(recorder: Recorder, ...entries: readonly HostEntry[]): Promise<OnRecord> {
  return withChain(recorder, async (chain) => {
    for (const entry of entries) await chain.append(entry)
  })
}

/** More of one kind in an hour is a flood, which must not push out what is worth keeping; that it came is on record once. */
const floodPerHour = 120
const hourMs = 60 * 60_000

/** For what somebody else can cause as often as they like. */
export function recordBounded(recorder: Recorder, entry: HostEntry): Promise<OnRecord> {
  return withChain(recorder, async (chain) => {
    if (chain.lately(entry.type) < floodPerHour) return chain.append(entry)
    const leftOut = await chain.newest('left-out')
    const nowMs = recorder.host.nowMs()
    if (leftOut !== null && leftOut.kind === entry.type && Date.parse(leftOut.until) > nowMs) return
    await chain.append({ type: 'left-out', kind: entry.type, until: new Date(nowMs + hourMs).toISOString() })
  })
}

export async function withChain(
  { state: { audit: folder }, host }: Recorder,
  work: (chain: HeldChain) => Promise<void>,
): Promise<OnRecord> {
  try {
    await makeFolder(folder)
    const lock = await lockChain(folder)
    if (!lock.ok) return { ok: false, says: `${folder}: ${lock.says}` }
    try {
      return { ok: true, end: await written(folder, host, work) }
    } finally {
      lock.release()
    }
  } catch (error) {
    return { ok: false, says: `${folder}: ${saysOf(error)}` }
  }
}

async function written(
  folder: string,
  host: Recorder['host'],
  work: (chain: HeldChain) => Promise<void>,
): Promise<ChainEnd> {
  const found = await readEnd(folder)
  let end = found?.end ?? null
  let place = found && { path: found.path, at: found.endsAt }
  const lines = [...(found?.lines ?? [])]

  async function append(entry: HostEntry): Promise<void> {
    const { record: next, hash } = nextRecord(end, new Date(host.nowMs()).toISOString(), entry)
    if (place === null || place.at >= segmentBytes) {
      place = { path: await beginSegment(folder, next.sequence), at: 0 }
      await dropOldSegments(folder)
    }
    const line = canonicalBytes(next).toString('utf8')
    await writeAt(place.path, place.at, `${line}\n`)
    place.at += Buffer.byteLength(line) + 1
    lines.push(line)
    end = { sequence: next.sequence, hash }
  }

  if (end === null && (found?.torn ?? null) === null) await append({ type: 'began', host: host.id })
  if (found?.torn) await append({ type: 'repaired', lostBytes: found.torn.bytes, lost: found.torn.digest })
  await work({
    append,
    newest: (type, holds) => newestOf(folder, lines, type, holds ?? (() => true)),
    lately: (type) => lines.filter((line) => hasType(line, type) && isRecent(line, host.nowMs())).length,
  })
  if (end === null) throw new Error('A chain that was written to has no end. This is a bug.')
  return end
}

/** In the newest segment first; those before are read only where it is not there. */
async function newestOf<Type extends HostEntry['type']>(
  folder: string,
  newest: readonly string[],
  type: Type,
  holds: (entry: EntryOf<Type>) => boolean,
): Promise<EntryOf<Type> | null> {
  const among = (lines: readonly string[]): EntryOf<Type> | null => {
    for (const line of lines.toReversed()) {
      const entry = hasType(line, type) ? (parsed(line)?.entry as EntryOf<Type> | undefined) : undefined
      if (entry && holds(entry)) return entry
    }
    return null
  }
  const found = among(newest)
  if (found !== null) return found
  for (const name of (await listSegments(folder)).toReversed().slice(1)) {
    const before = among(wholeLines(await readFile(join(folder, name))).lines)
    if (before !== null) return before
  }
  return null
}

/** Keys of canonical JSON are sorted and have no blanks around them. */
function hasType(line: string, type: string): boolean {
  return line.includes(`"type":"${type}"`) && parsed(line)?.entry.type === type
}

function isRecent(line: string, nowMs: number): boolean {
  // Also of what is to come: that was before the clock was set back.
  return Math.abs(nowMs - Date.parse(parsed(line)?.at ?? '')) < hourMs
}

function parsed(line: string): AuditRecord | null {
  try {
    return JSON.parse(line) as AuditRecord
  } catch {
    return null
  }
}
