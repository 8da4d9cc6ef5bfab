/** A clock that moves when it is told to. */
import type { Clock } from '../src/runs/clock.ts'
import { atMs } from './sample-run.ts'

export interface FakeClock extends Clock {
  /** To the moment when the next sleeper wakes. False when nobody sleeps. */
  skip(): boolean
}

export function fakeClock(): FakeClock {
  let nowMs = atMs
  const sleepers = new Set<{ readonly wakeMs: number; readonly wake: () => void }>()
  return {
    nowMs: () => nowMs,
    sleep: (ms, signal) =>
      new Promise((resolve) => {
        const sleeper = {
          wakeMs: nowMs + ms,
          wake: () => {
            sleepers.delete(sleeper)
            resolve()
          },
        }
        sleepers.add(sleeper)
        if (signal.aborted || ms <= 0) sleeper.wake()
        else signal.addEventListener('abort', sleeper.wake, { once: true })
      }),
    skip() {
      if (sleepers.size === 0) return false
      nowMs = Math.min(...[...sleepers].map(({ wakeMs }) => wakeMs))
      for (const { wakeMs, wake } of [...sleepers]) if (wakeMs <= nowMs) wake()
      return true
    },
  }
}

/** Lets everything that can go on without time passing go on. */
export async function quiet(): Promise<void> {
  for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve))
}
