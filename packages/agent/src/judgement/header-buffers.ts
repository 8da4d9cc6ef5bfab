/** How large nginx's buffers for the header of an answer have to be, so that nginx accepts them together. */
import { nginxBytes } from '../readings/nginx-values.ts'

/** nginx does not log how long the header was: four times what did not do, and what frameworks' debug headers need. */
export function nextHeaderBuffer(bytes: number): number | null {
  const next = Math.min(Math.max(bytes * 4, 16 * kiB), mostHeaderBuffer)
  return next > bytes ? next : null
}

const kiB = 1024
/** What is longer is no header any more, and each request would hold that much of memory. */
export const mostHeaderBuffer = 128 * kiB

/** As written where they hold; null: nothing sets it. */
export interface BufferSettings {
  readonly bufferSize: string | null
  /** Number and size. */
  readonly buffers: readonly string[] | null
  readonly busy: string | null
  readonly temporaryWrite: string | null
}

export interface BuffersNeeded {
  readonly bufferSize: number
  /** Null: may stay as they are. */
  readonly buffers: { readonly count: number; readonly size: number } | null
  readonly busy: number | null
  readonly temporaryWrite: number | null
  readonly arithmetic: readonly string[]
}

/** One page (`ngx_pagesize`). */
const page = 4 * kiB
const defaultCount = 8

/**
 * What `-t` checks (`ngx_http_fastcgi_merge_loc_conf`): busy buffers, twice the larger of both sizes when not set, fit into
 * all buffers but one, and neither they nor what goes to a temporary file at once are smaller than one buffer. The number
 * is raised and not the size, so that answers which fitted before cost no more memory than they did. Null: not understood.
 */
export function buffersFor(bytes: number, now: BufferSettings): BuffersNeeded | null {
  const count = now.buffers ? Number(now.buffers[0]) : defaultCount
  const size = now.buffers ? nginxBytes(now.buffers[1] ?? '') : page
  const busySet = now.busy === null ? 0 : nginxBytes(now.busy)
  const writeSet = now.temporaryWrite === null ? 0 : nginxBytes(now.temporaryWrite)
  if (!Number.isInteger(count) || !size || busySet === null || writeSet === null) return null
  const larger = Math.max(bytes, size)
  const busy = now.busy !== null && busySet >= larger ? busySet : 2 * larger
  const needed = Math.ceil(busy / size) + 1
  return {
    bufferSize: bytes,
    buffers: needed > count ? { count: needed, size } : null,
    busy: now.busy !== null && busySet < larger ? busy : null,
    temporaryWrite: now.temporaryWrite !== null && writeSet < larger ? 2 * larger : null,
    arithmetic: [
      `each request in flight holds ${inK(bytes)} for its header, instead of ${now.bufferSize ?? inK(page)}`,
      `nginx wants busy buffers (${inK(busy)}) to fit into all buffers but one: ${Math.max(needed, count)} × ${inK(size)}`,
    ],
  }
}

export function inK(bytes: number): string {
  return bytes % kiB === 0 ? `${bytes / kiB}k` : String(bytes)
}
