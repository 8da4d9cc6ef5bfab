/**
 * The journal file of one apply: JSON lines, each synced before `append` answers. Its space is written in advance (as
 * empty lines), so that a disk that fills up in the middle cannot keep a deed from being announced.
 */
import { open, readFile, truncate } from 'node:fs/promises'
import { dirname } from 'node:path'
import { syncDirectory, saysOf, writeNew } from './durable.ts'
import { JournalEntry } from './journal-entry.ts'

/** Room for a few hundred lines and a verdict; what exceeds it grows the file. */
const reservedBytes = 128 * 1024

export interface Journal {
  readonly entries: readonly JournalEntry[]
  /** Throws `StateLost` when the line cannot be on disk: then its deed must not be done. */
  append(entry: JournalEntry): Promise<void>
  /** Room in advance again, before a closed apply is taken up once more. */
  reserve(): Promise<void>
  /** Gives the unused room back. */
  trim(): Promise<void>
}

/** The journal cannot be written any more. Caught where an apply, rollback or recovery begins. */
export class StateLost extends Error {
  override readonly name = 'StateLost'
}

export type OpenedJournal =
  | { readonly ok: true; readonly value: Journal }
  | { readonly ok: false; readonly says: string }

export async function createJournal(path: string, first: JournalEntry): Promise<Journal> {
  const bytes = Buffer.alloc(reservedBytes, '\n')
  bytes.write(lineOf(first))
  await writeNew(path, bytes, 0o640)
  await syncDirectory(dirname(path))
  return journalAt(path, [first], Buffer.byteLength(lineOf(first)))
}

/** Reads a journal that may end in a torn line, and makes it writable again from there. */
export async function openJournal(path: string): Promise<OpenedJournal> {
  const read = await readJournalFile(path)
  if (!read.ok) return read
  const { entries, endsAt, tornBytes } = read.value
  if (tornBytes > 0) await writeAt(path, endsAt, Buffer.alloc(tornBytes, '\n'))
  return { ok: true, value: journalAt(path, entries, endsAt) }
}

export interface JournalFile {
  readonly entries: readonly JournalEntry[]
  /** Where the next line goes. */
  readonly endsAt: number
  /** What a crash left of a line that was never whole. */
  readonly tornBytes: number
}

export type ReadJournalFile =
  | { readonly ok: true; readonly value: JournalFile }
  | { readonly ok: false; readonly says: string }

export async function readJournalFile(path: string): Promise<ReadJournalFile> {
  try {
    return parseJournal(await readFile(path))
  } catch (error) {
    return { ok: false, says: `Cannot read ${path}: ${saysOf(error)}.` }
  }
}

/** Pure. A line that is not whole ends the journal; a whole one after it means that the file was damaged. */
export function parseJournal(bytes: Buffer): ReadJournalFile {
  const entries: JournalEntry[] = []
  let endsAt = 0
  let brokenAt: number | null = null
  let tornEnd = 0
  const used = bytes.subarray(0, endOfUse(bytes))
  for (let start = 0; start < used.length;) {
    const lineBreak = used.indexOf('\n', start)
    const end = lineBreak < 0 ? used.length : lineBreak
    if (end > start) {
      const entry = lineBreak < 0 ? null : parseLine(used.subarray(start, end).toString('utf8'))
      if (entry === null) {
        brokenAt ??= start
        tornEnd = end
      } else if (brokenAt !== null) {
        return { ok: false, says: `The journal is damaged at byte ${brokenAt}: whole lines follow one that is not.` }
      } else {
        entries.push(entry)
        endsAt = end + 1
      }
    }
    start = end + 1
  }
  return { ok: true, value: { entries, endsAt, tornBytes: brokenAt === null ? 0 : tornEnd - endsAt } }
}

/** Just after the line break that ends what was written; behind it is only room. */
function endOfUse(bytes: Buffer): number {
  let end = bytes.length
  while (end > 0 && bytes[end - 1] === 0x0a) end -= 1
  return Math.min(end + 1, bytes.length)
}

function journalAt(path: string, before: readonly JournalEntry[], from: number): Journal {
  const entries = [...before]
  let endsAt = from
  return {
    entries,
    async append(entry) {
      const bytes = Buffer.from(lineOf(entry))
      try {
        await writeAt(path, endsAt, bytes)
      } catch (error) {
        throw new StateLost(saysOf(error), { cause: error })
      }
      endsAt += bytes.length
      entries.push(entry)
    },
    async reserve() {
      try {
        await writeAt(path, endsAt, Buffer.alloc(reservedBytes, '\n'))
      } catch (error) {
        throw new StateLost(saysOf(error), { cause: error })
      }
    },
    trim: () => truncate(path, endsAt),
  }
}

/** Opened by name each time: a folder that was removed must not go on swallowing lines through an old descriptor. */
async function writeAt(path: string, position: number, bytes: Uint8Array): Promise<void> {
  const file = await open(path, 'r+')
  try {
    await file.write(bytes, 0, bytes.length, position)
    await file.datasync()
  } finally {
    await file.close()
  }
}

function lineOf(entry: JournalEntry): string {
  return `${JSON.stringify(entry)}\n`
}

function parseLine(text: string): JournalEntry | null {
  try {
    const parsed = JournalEntry.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch {
    return null
  }
}
