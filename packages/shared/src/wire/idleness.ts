/** Notices a line that is alive and that nobody uses. Costs one timer, and a number per request. */
import type { Timers } from './timers.ts'

export interface IdlenessOptions {
  readonly timers: Timers
  readonly idleMs: number
  /** How many requests have arrived so far. */
  readonly asked: () => number
  readonly isBusy: () => boolean
  /** Once, with why as a sentence. */
  readonly onIdle: (says: string) => void
}

/** Returns what stops it. */
export function watchIdleness({ timers, idleMs, asked, isBusy, onIdle }: IdlenessOptions): () => void {
  if (idleMs === Infinity) return () => {}
  let cancel: (() => void) | null = null
  wait(asked())
  return () => cancel?.()

  function wait(askedBefore: number): void {
    cancel = timers.after(idleMs, () => {
      if (asked() !== askedBefore || isBusy()) return wait(asked())
      onIdle(`Nothing was asked on this connection for ${Math.round(idleMs / 1000)} s.`)
    })
  }
}
