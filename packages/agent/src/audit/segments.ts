/**
 * The files of the host's chain: JSON lines, each the canonical bytes of a record, in segments named by the number of their
 * first record. Where a segment ends the next one begins with the hash of its last record, so that old ones can go.
 */
import { createHash } from 'node:crypto'
import { open, readdir, readFile, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { digestOf } from '@fleetmend/shared/digest'
import type { ChainEnd } from '@fleetmend/shared/audit/chain'
import type { AuditRecord } from '@fleetmend/shared/audit/record'
import { errnoOf, makeDirectoryDurably, syncDirectory } from '../state/durable.ts'

/** Small enough to be read whole before each record. */
export const segmentBytes = 512 * 1024
/** 64 MiB: years of work; months of somebody who asks for what is refused all the time. */
const keptSegments = 128

export interface SegmentEnd {
  readonly path: string
  readonly end: ChainEnd | null
  /** Whole records of this segment, as text. */
  readonly lines: readonly string[]
  readonly endsAt: number
  /** What stands behind the last whole record: a line that was cut off, or damage. */
  readonly torn: { readonly bytes: number; readonly digest: `sha256:${string}` } | null
}

export async function makeFolder(folder: string): Promise<void> {
  try {
    // Not the folders around it: a state folder that was taken away is not to come back half.
    await makeDirectoryDurably(folder, 0o750)
  } catch (error) {
    if (errnoOf(error) !== 'EEXIST') throw error
  }
}

/** First numbers of the segments, in order. */
export async function listSegments(folder: string): Promise<readonly string[]> {
  try {
    return (await readdir(folder)).filter((name) => /^\d{12}\.jsonl$/.test(name)).toSorted()
  } catch (error) {
    if (errnoOf(error) === 'ENOENT') return []
    throw error
  }
}

/** The newest segment, and where the chain ends. A segment without a whole record leaves the end to the one before. */
export async function readEnd(folder: string): Promise<SegmentEnd | null> {
  const names = await listSegments(folder)
  const newest = names.at(-1)
  if (newest === undefined) return null
  const path = join(folder, newest)
  const bytes = await readFile(path)
  const { lines, endsAt, end } = wholeLines(bytes)
  const before = names.at(-2)
  const from = end ?? (before === undefined ? null : wholeLines(await readFile(join(folder, before))).end)
  const rest = bytes.subarray(endsAt)
  const digest = `sha256:${createHash('sha256').update(rest).digest('hex')}` as const
  return { path, end: from, lines, endsAt, torn: rest.length === 0 ? null : { bytes: rest.length, digest } }
}

export interface WholeLines {
  readonly lines: readonly string[]
  readonly endsAt: number
  readonly end: ChainEnd | null
}

/** From the beginning up to the last line that is a record; whether they follow each other is asked when they are verified. */
export function wholeLines(bytes: Buffer): WholeLines {
  for (let endsAt = bytes.lastIndexOf(0x0a) + 1; endsAt > 0;) {
    const start = endsAt < 2 ? 0 : bytes.lastIndexOf(0x0a, endsAt - 2) + 1
    const end = endOf(bytes.subarray(start, endsAt - 1).toString('utf8'))
    if (end !== null) {
      const lines = bytes
        .subarray(0, endsAt - 1)
        .toString('utf8')
        .split('\n')
      return { lines, endsAt, end }
    }
    endsAt = start
  }
  return { lines: [], endsAt: 0, end: null }
}

function endOf(line: string): ChainEnd | null {
  try {
    const record = JSON.parse(line) as Partial<AuditRecord> | null
    const sequence = record?.sequence
    if (record?.format !== 'fleetmend.audit/1' || !Number.isSafeInteger(sequence)) return null
    return { sequence: Number(sequence), hash: digestOf(record) }
  } catch {
    return null
  }
}

/** On disk when it answers. What stood behind `at` is gone afterwards, and not before. */
export async function writeAt(path: string, at: number, text: string): Promise<void> {
  const file = await open(path, 'r+')
  try {
    const bytes = Buffer.from(text)
    await file.write(bytes, 0, bytes.length, at)
    await file.truncate(at + bytes.length)
    await file.datasync()
  } finally {
    await file.close()
  }
}

export async function beginSegment(folder: string, first: number): Promise<string> {
  const path = join(folder, `${String(first).padStart(12, '0')}.jsonl`)
  const file = await open(path, 'a', 0o640)
  await file.close()
  await syncDirectory(folder)
  return path
}

/** What goes is gone for good; whoever verifies is told from where on there is a record. */
export async function dropOldSegments(folder: string): Promise<void> {
  const names = await listSegments(folder)
  for (const name of names.slice(0, Math.max(0, names.length - keptSegments)))
    await rm(join(folder, name), { force: true })
}
