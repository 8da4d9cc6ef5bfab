/**
 * The deadlines of many calls with one timer, which is set for the earliest. It is not set anew when a call is answered, as
 * nearly all are in time: once it goes off, who is late is looked up. A timer for each call costs as much as its frames.
 */
import type { Timers } from './timers.ts'

export class Deadlines {
  readonly #timers: Timers
  /** Ends what is late by now; returns when the next of those that are left is due, `Infinity` when none is. */
  readonly #endLate: (nowMs: number) => number
  #setForMs = Infinity
  #cancel: (() => void) | null = null

  constructor(timers: Timers, endLate: (nowMs: number) => number) {
    this.#timers = timers
    this.#endLate = endLate
  }

  /** When that is, for who asks `endLate`. */
  add(limitMs: number): number {
    if (limitMs === Infinity) return Infinity
    const dueMs = this.#timers.nowMs() + limitMs
    if (dueMs < this.#setForMs) this.#setFor(dueMs, limitMs)
    return dueMs
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#setForMs = Infinity
  }

  #setFor(dueMs: number, inMs: number): void {
    this.#cancel?.()
    this.#setForMs = dueMs
    this.#cancel = this.#timers.after(Math.ceil(inMs), () => {
      this.#setForMs = Infinity
      const nowMs = this.#timers.nowMs()
      const nextMs = this.#endLate(nowMs)
      if (nextMs < this.#setForMs) this.#setFor(nextMs, nextMs - nowMs)
    })
  }
}
