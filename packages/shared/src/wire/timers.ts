/** Waiting, as a parameter: tests hand in a clock that they move themselves. */

export interface Timers {
  /** Calls `run` once after `ms` unless the returned function is called before. */
  after(ms: number, run: () => void): () => void
  /** Only differences mean something: it never goes back, whatever becomes of the time of day. */
  nowMs(): number
}

/** `setTimeout` fires at once for anything longer (Node: "TimeoutOverflowWarning"). 24 days are for ever here. */
const LONGEST_MS = 2 ** 31 - 1

export const systemTimers: Timers = {
  after(ms, run) {
    if (ms > LONGEST_MS) return () => {}
    const timer = setTimeout(run, ms)
    return () => clearTimeout(timer)
  },
  nowMs: () => performance.now(),
}
