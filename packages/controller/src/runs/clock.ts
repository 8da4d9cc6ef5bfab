/** Time, as something that is passed in: what waits can be tried out without waiting. */
import { setTimeout } from 'node:timers/promises'

export interface Clock {
  nowMs(): number
  /** Ends early, without an error, when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>
}

/** The longest that a timer can wait; a longer one would fire at once. */
const maxTimerMs = 2 ** 31 - 1

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  async sleep(ms, signal) {
    const untilMs = performance.now() + ms
    try {
      for (let leftMs = ms; leftMs > 0; leftMs = untilMs - performance.now()) {
        await setTimeout(Math.min(leftMs, maxTimerMs), undefined, { signal })
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  },
}
