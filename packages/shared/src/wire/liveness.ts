/**
 * Notices a connection that is dead without saying so. Every byte that arrives is life; after silence the other side is
 * pinged. Costs one timer, nothing per frame.
 */
import type { Channel } from './channel.ts'
import type { Timers } from './timers.ts'

export interface LivenessOptions {
  readonly channel: Channel
  readonly timers: Timers
  readonly pingMs: number
  readonly pongMs: number
  readonly ping: () => void
  readonly onDead: () => void
}

/** Returns what stops it. */
export function watchLiveness({ channel, timers, pingMs, pongMs, ping, onDead }: LivenessOptions): () => void {
  let cancel: (() => void) | null = null
  let heardBytes = channel.receivedBytes
  listen()
  return () => cancel?.()

  function listen(): void {
    cancel = timers.after(pingMs, () => {
      if (heardSomething()) return listen()
      ping()
      awaitPong(channel.flushedBytes + channel.queuedBytes, channel.flushedBytes)
    })
  }

  function awaitPong(pingAtByte: number, flushedBytes: number): void {
    cancel = timers.after(pongMs, () => {
      if (heardSomething()) return listen()
      const moved = channel.flushedBytes > flushedBytes
      // A ping cannot overtake what was queued before it. As long as that moves, the line is slow, not dead.
      if (moved && flushedBytes < pingAtByte) return awaitPong(pingAtByte, channel.flushedBytes)
      onDead()
    })
  }

  function heardSomething(): boolean {
    const before = heardBytes
    heardBytes = channel.receivedBytes
    return heardBytes !== before
  }
}
