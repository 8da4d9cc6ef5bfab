/** A clock that stands still until a test moves it. */
import type { Timers } from '../src/wire/timers.ts'

export interface ManualTimers extends Timers {
  /** Lets time pass; what is under way in the event loop goes on before it and after each timer that is due. */
  pass(ms: number): Promise<void>
  /** How many timers are set. */
  readonly set: number
}

export function manualTimers(): ManualTimers {
  const timers = new Set<{ dueMs: number; run: () => void }>()
  let nowMs = 0
  return {
    after(ms, run) {
      const timer = { dueMs: nowMs + ms, run }
      timers.add(timer)
      return () => timers.delete(timer)
    },
    nowMs: () => nowMs,
    async pass(ms) {
      const untilMs = nowMs + ms
      await turns()
      for (;;) {
        const due = [...timers].filter((timer) => timer.dueMs <= untilMs).toSorted((a, b) => a.dueMs - b.dueMs)[0]
        if (due === undefined) break
        nowMs = due.dueMs
        timers.delete(due)
        due.run()
        await turns()
      }
      nowMs = untilMs
    },
    get set() {
      return timers.size
    },
  }
}

async function turns(): Promise<void> {
  for (let n = 0; n < 3; n++) await new Promise((resolve) => setImmediate(resolve))
}
