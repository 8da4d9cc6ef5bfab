/**
 * A channel over any byte stream (unix socket, TLS, an SSH channel, standard input and output): JSON frames behind a
 * length of four bytes. Where a login shell may talk first, the agent says a preamble and the caller waits for it.
 */
import { CLOSE_GRACE_MS, MAX_FRAME_BYTES, type Channel, type ChannelListener } from './channel.ts'
import { corkPerTurn, type Corkable } from './cork.ts'
import { frameReader, PREAMBLE } from './frame-reader.ts'
import { roomFor } from './room.ts'
import { systemTimers, type Timers } from './timers.ts'

/** What is needed of a Node `Duplex`. */
export interface ByteStream extends Corkable {
  readonly writable: boolean
  readonly writableLength: number
  write(bytes: Uint8Array, written: () => void): boolean
  end(): unknown
  destroy(error?: Error): unknown
  on(event: 'data', listener: (chunk: Uint8Array) => void): unknown
  on(event: 'error', listener: (error: Error) => void): unknown
  on(event: 'end' | 'close', listener: () => void): unknown
}

export interface StreamChannelOptions {
  readonly maxFrameBytes?: number
  /**
   * `send`: say first that an agent is here. `expect`: skip noise until that was said, and write nothing before: a shell
   * in the agent's place would take frames for commands.
   */
  readonly preamble?: 'send' | 'expect'
  readonly timers?: Timers
}

export function streamChannel(stream: ByteStream, options: StreamChannelOptions = {}): Channel {
  const { maxFrameBytes = MAX_FRAME_BYTES, preamble, timers = systemTimers } = options
  let listener: ChannelListener | null = null
  let open = true
  let ended = false
  let failure: Error | undefined
  let cancelGrace: (() => void) | null = null
  let receivedBytes = 0
  let writtenBytes = 0
  /** Frames that wait for the preamble. */
  let early: Buffer[] | null = preamble === 'expect' ? [] : null
  let earlyBytes = 0

  const queuedBytes = (): number => earlyBytes + stream.writableLength
  const room = roomFor(queuedBytes)
  const cork = corkPerTurn(stream)

  const reader = frameReader({
    maxFrameBytes,
    expectPreamble: preamble === 'expect',
    onPreamble() {
      const waiting = early ?? []
      early = null
      earlyBytes = 0
      for (const bytes of waiting) write(bytes)
    },
    onFrame: (frame) => listener?.message(frame),
    onGarbled(says) {
      // Who never said that it is an agent cannot be told anything.
      if (early === null) listener?.garbled(says)
      else cut(new Error(says))
    },
  })

  stream.on('error', (error) => end(error))
  stream.on('close', () => end())
  if (preamble === 'send') write(Buffer.from(PREAMBLE))

  return {
    get open() {
      return open
    },
    get queuedBytes() {
      return queuedBytes()
    },
    get flushedBytes() {
      return writtenBytes - stream.writableLength
    },
    get receivedBytes() {
      return receivedBytes
    },
    send(frame) {
      if (!open || !stream.writable) return
      const length = Buffer.byteLength(frame)
      const bytes = Buffer.allocUnsafe(4 + length)
      bytes.writeUInt32BE(length, 0)
      bytes.write(frame, 4, 'utf8')
      if (early === null) return write(bytes)
      early.push(bytes)
      earlyBytes += bytes.length
    },
    pressure: () => room.pressure(),
    listen(given) {
      if (listener !== null) throw new TypeError('A channel has one listener. This is a bug.')
      listener = given
      if (ended) return given.close(failure)
      stream.on('data', (chunk) => {
        receivedBytes += chunk.length
        reader.push(chunk)
      })
      stream.on('end', () => {
        const unfinished = reader.unfinished()
        if (open && unfinished !== null) cut(new Error(`The stream ${unfinished}.`))
        else close()
      })
    },
    close,
  }

  function write(bytes: Uint8Array): void {
    writtenBytes += bytes.length
    cork()
    stream.write(bytes, room.drained)
  }

  function close(error?: Error): void {
    if (error !== undefined) return cut(error)
    if (!open) return
    open = false
    reader.stop()
    room.release()
    stream.end()
    cancelGrace = timers.after(CLOSE_GRACE_MS, () => {
      stream.destroy()
      end()
    })
  }

  function cut(error: Error): void {
    failure ??= error
    end(error)
    // Without the error: it was told to the listener, and a stream would raise it a second time.
    stream.destroy()
  }

  function end(error?: Error): void {
    if (ended) return
    ended = true
    // After an orderly close nothing that the dying line still says is news.
    if (open) failure ??= error
    open = false
    cancelGrace?.()
    reader.stop()
    room.release()
    listener?.close(failure)
  }
}
