/** A clock that runs as time does, and ahead of it by what a test has let pass; who sleeps wakes only when it is moved. */
import type { Clock } from '../src/runs/clock.ts'

export interface MovedClock extends Clock {
  pass(ms: number): void
  /** How many wait for it. */
  sleeping(): number
}

export function movedClock(): MovedClock {
  let aheadMs = 0
  const sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>()
  const nowMs = (): number => Date.now() + aheadMs
  return {
    nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = { untilMs: nowMs() + ms, wake }
        sleepers.add(sleeper)
        signal.addEventListener('abort', wake, { once: true })
        if (signal.aborted || ms <= 0) wake()
        function wake(): void {
          sleepers.delete(sleeper)
          signal.removeEventListener('abort', wake)
          resolve()
        }
      }),
    sleeping: () => sleepers.size,
    pass(ms) {
      aheadMs += ms
      for (const { untilMs, wake } of [...sleepers]) if (untilMs <= nowMs()) wake()
    },
  }
}
