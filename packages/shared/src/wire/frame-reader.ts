/**
 * Bytes to frames: a big-endian length of four bytes, then that many bytes of UTF-8. Optionally a preamble comes first,
 * and what a chatty shell says before it is skipped. Holds never more memory than bytes have arrived.
 */
export interface FrameReaderOptions {
  readonly maxFrameBytes: number
  /** Skip noise until the preamble has been seen. */
  readonly expectPreamble: boolean
  readonly onPreamble?: () => void
  readonly onFrame: (frame: string) => void
  readonly onGarbled: (says: string) => void
}

export interface FrameReader {
  push(chunk: Uint8Array): void
  /** What is unfinished if the stream ends here, as a clause for a person; `null` when nothing is. */
  unfinished(): string | null
  /** From now on everything is ignored. */
  stop(): void
}

/** What an agent on standard output says first. NUL never occurs in what a login shell prints. */
export const PREAMBLE: Uint8Array = Buffer.from('\0FLEET1\0', 'latin1')

/** Login banners are short; whatever says more than this is not an agent. */
const MAX_NOISE_BYTES = 64 * 1024

const HEADER_BYTES = 4

export function frameReader(options: FrameReaderOptions): FrameReader {
  const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })
  let held: Buffer = Buffer.alloc(0)
  let heldBytes = 0
  let beforePreamble = options.expectPreamble
  let stopped = false

  return {
    push(chunk) {
      if (stopped) return
      let bytes = hold(chunk)
      if (beforePreamble) {
        const rest = skipNoise(bytes)
        if (rest === null) return
        bytes = rest
      }
      const left = takeFrames(bytes)
      if (!stopped) keep(left)
    },
    unfinished() {
      if (beforePreamble) return `ended before an agent answered${saidInstead()}`
      return heldBytes > 0 ? 'ended in the middle of a frame' : null
    },
    stop() {
      stopped = true
      held = Buffer.alloc(0)
      heldBytes = 0
    },
  }

  /** The bytes not yet used, this chunk included. Copies only while a frame is incomplete, and doubles as it grows. */
  function hold(chunk: Uint8Array): Buffer {
    const fresh = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength)
    if (heldBytes === 0) return fresh
    const total = heldBytes + fresh.length
    if (total > held.length) {
      const bigger = Buffer.allocUnsafe(Math.max(total, held.length * 2))
      held.copy(bigger, 0, 0, heldBytes)
      held = bigger
    }
    fresh.copy(held, heldBytes)
    heldBytes = total
    return held.subarray(0, total)
  }

  function keep(left: Buffer): void {
    if (left.length === 0) {
      held = Buffer.alloc(0)
      heldBytes = 0
    } else if (left.buffer !== held.buffer || left.byteOffset !== held.byteOffset) {
      held = Buffer.from(left)
      heldBytes = left.length
    }
  }

  function skipNoise(bytes: Buffer): Buffer | null {
    const at = bytes.indexOf(PREAMBLE)
    if (at >= 0 && at <= MAX_NOISE_BYTES) {
      beforePreamble = false
      options.onPreamble?.()
      return bytes.subarray(at + PREAMBLE.length)
    }
    keep(bytes)
    if (bytes.length >= MAX_NOISE_BYTES + PREAMBLE.length) {
      garbled(`no agent answered in the first 64 KiB${saidInstead()}`)
    }
    return null
  }

  function takeFrames(bytes: Buffer): Buffer {
    let rest = bytes
    while (rest.length >= HEADER_BYTES && !stopped) {
      const length = rest.readUInt32BE(0)
      if (length === 0) return garbled('a frame is empty')
      if (length > options.maxFrameBytes) {
        return garbled(`a frame has ${length} bytes, more than the ${options.maxFrameBytes} allowed`)
      }
      if (rest.length < HEADER_BYTES + length) break
      const frame = decode(rest.subarray(HEADER_BYTES, HEADER_BYTES + length))
      if (frame === null) return garbled('a frame is not UTF-8')
      rest = rest.subarray(HEADER_BYTES + length)
      options.onFrame(frame)
    }
    return rest
  }

  function decode(bytes: Buffer): string | null {
    try {
      return utf8.decode(bytes)
    } catch {
      return null
    }
  }

  function garbled(says: string): Buffer {
    stopped = true
    options.onGarbled(says)
    return Buffer.alloc(0)
  }

  /** The beginning is what matters: `sh: 1: fleetmend-agent: not found`. Only plain characters are repeated. */
  function saidInstead(): string {
    const said = held
      .toString('latin1', 0, Math.min(heldBytes, 300))
      .replace(/[^\x20-\x7e]+/g, ' ')
      .trim()
    return said === '' ? '' : `; the other side said: ${said}`
  }
}
