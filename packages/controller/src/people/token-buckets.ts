/**
 * How often somebody may ask: a bucket for each, which a question empties by one and time fills again. Takes the time from
 * its caller's clock and remembers nobody whose bucket is full for longer than it must.
 */
export interface Rate {
  /** At once, after a pause. */
  readonly burst: number
  /** From then on. */
  readonly perSecond: number
}

export interface TokenBuckets {
  /** 0: taken. Otherwise nothing was taken, and it will be possible after so many milliseconds. */
  take(key: string): number
  /** As `take` would answer, without taking. */
  waitMs(key: string): number
}

/** Of addresses there are more than memory; who was not seen for longest is forgotten first. */
const maxKeys = 20_000

export function tokenBuckets({ burst, perSecond }: Rate, nowMs: () => number): TokenBuckets {
  const refillMs = 1000 / perSecond
  /** When each bucket will be full, which says all about it (ITU-T I.371 calls this the theoretical arrival time). */
  const fullAtMs = new Map<string, number>()

  // Never emptier than empty: that is what a clock that was set back would make of it.
  const fullAt = (key: string, now: number): number =>
    Math.min(Math.max(fullAtMs.get(key) ?? now, now), now + burst * refillMs)
  const missingMs = (full: number, now: number): number => Math.max(0, full - now - (burst - 1) * refillMs)

  return {
    waitMs(key) {
      const now = nowMs()
      return missingMs(fullAt(key, now), now)
    },
    take(key) {
      const now = nowMs()
      const full = fullAt(key, now)
      const wait = missingMs(full, now)
      // To the end of the map: its order is that of the last question.
      fullAtMs.delete(key)
      fullAtMs.set(key, wait > 0 ? full : full + refillMs)
      if (fullAtMs.size > maxKeys) forgetOldest()
      return wait
    },
  }

  function forgetOldest(): void {
    for (const key of fullAtMs.keys()) {
      fullAtMs.delete(key)
      return
    }
  }
}
