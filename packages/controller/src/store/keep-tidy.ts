/** Clears away, now and then, what lies beside the history and has not been needed for long. The history itself stays. */
import type { Clock } from '../runs/clock.ts'
import { dropDocuments, type Dropped } from './run-documents.ts'
import type { Database } from './tables.ts'

export interface TidyParts {
  readonly database: Database
  readonly clock: Clock
  /** After the end of a run. */
  readonly keepMs: number
  readonly log: (line: string) => void
}

const everyMs = 60 * 60_000

/** Returns what ends it. */
export function keepTidy({ database, clock, keepMs, log }: TidyParts): () => Promise<void> {
  const ends = new AbortController()
  let last: Dropped | null = null
  const tidying = (async () => {
    while (!ends.signal.aborted) {
      try {
        const before = new Date(clock.nowMs() - keepMs).toISOString()
        while (!ends.signal.aborted) {
          const next = await dropDocuments(database, before, last)
          if (next === null) break
          last = next
          // Whoever waits to write comes first.
          await new Promise((resolve) => setImmediate(resolve))
        }
      } catch (error) {
        log(`old plans were not cleared away: ${error instanceof Error ? error.message : String(error)}`)
      }
      await clock.sleep(everyMs, ends.signal)
    }
  })()
  return () => {
    ends.abort()
    return tidying
  }
}
