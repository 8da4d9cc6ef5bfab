/**
 * Two ends of a channel in one process, for tests and for scenarios without sockets. As on a real line a frame arrives
 * in a later turn, and an end that is paused takes nothing: with both paused the line is half-open.
 */
import type { Channel, ChannelListener } from './channel.ts'
import { roomFor } from './room.ts'

export interface MemoryChannel extends Channel {
  /** Like a process that was stopped: frames for this end stay in the line. */
  pause(): void
  resume(): void
}

interface End extends MemoryChannel {
  other: End | null
  arrive(item: string | Closing): void
  /** The other end has taken this many bytes of ours. */
  taken(bytes: number): void
}

interface Closing {
  readonly error: Error | undefined
}

export function memoryChannels(): readonly [MemoryChannel, MemoryChannel] {
  const left = memoryEnd()
  const right = memoryEnd()
  left.other = right
  right.other = left
  return [left, right]
}

function memoryEnd(): End {
  let listener: ChannelListener | null = null
  let open = true
  let ended = false
  let failure: Error | undefined
  let paused = false
  let delivering = false
  let queuedBytes = 0
  let flushedBytes = 0
  let receivedBytes = 0
  const line: (string | Closing)[] = []
  const room = roomFor(() => queuedBytes)

  const self: End = {
    other: null,
    get open() {
      return open
    },
    get queuedBytes() {
      return queuedBytes
    },
    get flushedBytes() {
      return flushedBytes
    },
    get receivedBytes() {
      return receivedBytes
    },
    send(frame) {
      if (!open) return
      queuedBytes += Buffer.byteLength(frame)
      self.other?.arrive(frame)
    },
    pressure: () => room.pressure(),
    listen(given) {
      if (listener !== null) throw new TypeError('A channel has one listener. This is a bug.')
      listener = given
      if (ended) setImmediate(() => given.close(failure))
      deliverSoon()
    },
    close(error) {
      if (!open) return
      self.other?.arrive({ error: error && new Error('The line was cut.') })
      end(error)
    },
    pause() {
      paused = true
    },
    resume() {
      paused = false
      deliverSoon()
    },
    arrive(item) {
      line.push(item)
      deliverSoon()
    },
    taken(bytes) {
      queuedBytes -= bytes
      flushedBytes += bytes
      room.drained()
    },
  }
  return self

  function deliverSoon(): void {
    if (delivering || line.length === 0) return
    delivering = true
    setImmediate(() => {
      delivering = false
      deliver()
    })
  }

  function deliver(): void {
    for (;;) {
      if (paused || ended || listener === null) return
      const item = line.shift()
      if (item === undefined) return
      if (typeof item !== 'string') return end(item.error)
      const bytes = Buffer.byteLength(item)
      receivedBytes += bytes
      self.other?.taken(bytes)
      listener.message(item)
    }
  }

  function end(error?: Error): void {
    if (ended) return
    ended = true
    open = false
    failure = error
    room.release()
    setImmediate(() => listener?.close(error))
  }
}
