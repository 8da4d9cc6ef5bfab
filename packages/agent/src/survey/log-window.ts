/**
 * What a log says since a moment, at the same cost whatever its size: the newest bytes of the file, more where the
 * window begins before them, and rotated files only where it begins before the file itself.
 */
import type { FileFacts, Read, ReadHost } from '../host/host.ts'
import { textOf } from '../readings/bytes.ts'
import { firstStamp, type LogStamps } from '../readings/log-stamps.ts'
import { rotatedLogs } from '../readings/rotated-logs.ts'
import { newestPart, type LogPart, type LogSearch } from './log-search.ts'

export interface WantedLog {
  readonly stamps: LogStamps
  readonly windowMs: number
  /** Read at once; on most hosts there is no more to it. */
  readonly tailBytes: number
  /** Of all files together. */
  readonly limitBytes: number
  /** Moments that count most, should the window hold more than the limit. */
  readonly momentsMs?: readonly number[]
  /** The newest lines are wanted, too, when they are older than the window. */
  readonly anyAge?: boolean
}

export interface LogWindow {
  /** Byte text; begins where a line begins, and may begin before the window. */
  readonly text: string
  /** How much of the window is not in it, and why; null: nothing. */
  readonly missing: { readonly ms: number; readonly says: string } | null
}

/** More rotations than these within one window are no log's. */
const mostRotated = 8
const unpackedLimitBytes = 64 * 1024 * 1024

export async function readLogWindow(host: ReadHost, path: string, wanted: WantedLog): Promise<Read<LogWindow>> {
  const nowMs = host.nowMs()
  const sinceMs = nowMs - wanted.windowMs
  const scaled = (ms: number) => wanted.stamps.scaled(ms, nowMs)
  const { stamps, tailBytes, limitBytes, momentsMs, anyAge = false } = wanted
  const moments = momentsMs && { moments: momentsMs.map(scaled) }
  const search = { stamps, tailBytes, limitBytes, since: scaled(sinceMs), ...moments, sinceMs, anyAge }
  // Rotated or emptied while it was read: once more.
  return (
    (await readOnce(host, path, search)) ??
    (await readOnce(host, path, search)) ?? {
      ok: false,
      why: 'failed',
      says: 'it was rotated again and again while it was read',
    }
  )
}

interface WindowSearch extends LogSearch {
  /** By the clock of files. */
  readonly sinceMs: number
  readonly anyAge: boolean
}

/** Null where the files have changed their places meanwhile. */
async function readOnce(host: ReadHost, path: string, search: WindowSearch): Promise<Read<LogWindow> | null> {
  const live = await host.withLog(path, async (log) => {
    const isQuiet = !search.anyAge && log.facts.modifiedMs < search.sinceMs
    return { facts: log.facts, isQuiet, part: isQuiet ? null : await newestPart(log, search) }
  })
  if (!live.ok && live.why !== 'missing') return live
  if (live.ok && live.value.isQuiet) return { ok: true, value: { text: '', missing: null } }
  const part = live.ok ? live.value.part : nothing
  if (part === null) return null
  if (part.reaches || !part.isWhole) return { ok: true, value: windowOf(search, part, null) }
  const older = await readRotated(host, path, search, { facts: live.ok ? live.value.facts : null, part })
  if (older.parts.length === 0 && older.failed === null)
    return live.ok ? { ok: true, value: { text: part.text, missing: null } } : live
  if (live.ok && (await hasMoved(host, path, live.value.facts))) return null
  const text = [...older.parts.toReversed(), part].map((each) => each.text).join('')
  const oldest = older.parts.at(-1) ?? part
  const firstMs = oldest.firstMs ?? part.firstMs
  return { ok: true, value: windowOf(search, { ...oldest, text, firstMs }, older.failed) }
}

const nothing: LogPart = { text: '', firstMs: null, reaches: false, isWhole: true, wantedBytes: 0 }

interface Rotated {
  /** The newest first. */
  readonly parts: readonly LogPart[]
  readonly failed: string | null
}

/** The name of the log is root's own word; beside it only plain files count that are named as rotation names them. */
async function readRotated(
  host: ReadHost,
  path: string,
  search: WindowSearch,
  live: { readonly facts: FileFacts | null; readonly part: LogPart },
): Promise<Rotated> {
  const slash = path.lastIndexOf('/')
  const names = await host.list(path.slice(0, slash) || '/')
  const parts: LogPart[] = []
  let limitBytes = search.limitBytes - live.part.text.length
  for (const [i, name] of (names.ok ? rotatedLogs(path.slice(slash + 1), names.value) : []).entries()) {
    const file = `${path.slice(0, slash)}/${name}`
    const stat = await host.stat(file)
    if (!stat.ok || stat.value.kind !== 'file') continue
    if (stat.value.modifiedMs < search.sinceMs) break
    // It was renamed since it was read.
    if (stat.value.inode === live.facts?.inode && stat.value.device === live.facts.device) continue
    if (limitBytes <= 0 || i >= mostRotated) return { parts, failed: `${name} was not read` }
    const read = await readOneRotated(host, file, { ...search, limitBytes })
    if (!read.ok) return { parts, failed: `${name}: ${read.says}` }
    parts.push(read.value)
    limitBytes -= read.value.text.length
    if (read.value.reaches || !read.value.isWhole) break
  }
  return { parts, failed: null }
}

async function readOneRotated(host: ReadHost, file: string, search: LogSearch): Promise<Read<LogPart>> {
  const packed = /\.[a-z]\w*$/.exec(file)?.[0]
  if (packed !== undefined && packed !== '.gz')
    return { ok: false, why: 'failed', says: `only gzip can be unpacked, not ${packed}` }
  if (packed === undefined) {
    const read = await host.withLog(file, (log) => newestPart(log, search))
    if (!read.ok) return read
    return read.value
      ? { ok: true, value: read.value }
      : { ok: false, why: 'failed', says: 'it became shorter while it was read' }
  }
  const end = await host.readGzipEnd(file, { keepBytes: search.limitBytes, limitBytes: unpackedLimitBytes })
  if (!end.ok) return end
  const all = textOf(end.value.bytes)
  const text = end.value.isWhole ? all : all.slice(all.indexOf('\n') + 1)
  const first = firstStamp(search.stamps, text)
  const reaches = first !== null && first.ms < search.since
  return {
    ok: true,
    value: { text, firstMs: first?.ms ?? null, reaches, isWhole: end.value.isWhole, wantedBytes: all.length },
  }
}

async function hasMoved(host: ReadHost, path: string, before: FileFacts): Promise<boolean> {
  const now = await host.withLog(path, async ({ facts }) => facts)
  return !now.ok || now.value.inode !== before.inode || now.value.sizeBytes < before.sizeBytes
}

/** What is missing lies between the window's beginning and the first line of what was read without a gap. */
function windowOf(
  { since, limitBytes }: LogSearch,
  { text, firstMs, reaches, isWhole, wantedBytes }: LogPart,
  failed: string | null,
): LogWindow {
  if (reaches || (isWhole && failed === null)) return { text, missing: null }
  const from = firstMs === null ? '' : `, from ${new Date(firstMs).toISOString().slice(11, 19)} on`
  const much = wantedBytes > limitBytes ? ` of ${inMiB(wantedBytes)} that would count` : ''
  const says = failed ?? `only the newest ${inMiB(limitBytes)}${much} were read${from}`
  return { text, missing: { ms: firstMs === null ? Infinity : Math.max(0, firstMs - since), says } }
}

function inMiB(bytes: number): string {
  return bytes < 1024 * 1024 ? `${Math.ceil(bytes / 1024)} KiB` : `${Math.round(bytes / 1024 / 1024)} MiB`
}
