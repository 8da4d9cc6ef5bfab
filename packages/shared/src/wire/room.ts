/** Whether a channel has room to send: full above a mark, and room again only at half of it, so that it does not flap. */
import { PRESSURE_MARK_BYTES } from './channel.ts'

export interface Room {
  readonly pressure: () => Promise<void> | null
  /** To be called whenever bytes have left. */
  readonly drained: () => void
  /** The channel ended: nobody waits any longer. */
  readonly release: () => void
}

export function roomFor(queuedBytes: () => number, markBytes: number = PRESSURE_MARK_BYTES): Room {
  let full: PromiseWithResolvers<void> | null = null
  let released = false

  const empty = (): void => {
    full?.resolve()
    full = null
  }

  return {
    pressure() {
      if (released) return null
      if (full === null && queuedBytes() > markBytes) full = Promise.withResolvers<void>()
      return full?.promise ?? null
    },
    drained() {
      if (full !== null && queuedBytes() <= markBytes / 2) empty()
    },
    release() {
      released = true
      empty()
    },
  }
}
