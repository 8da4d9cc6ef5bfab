/** A line lives no longer than the certificate of its host: who stole one may not stay for ever by not hanging up. */
import type { Clock } from '../runs/clock.ts'

export interface LineLife {
  /** The host renewed its certificate over this very line, which only who has its key can hold. */
  extend(untilMs: number): void
  end(): void
}

export function lineLife(clock: Clock, untilMs: number, over: () => void): LineLife {
  let endsMs = untilMs
  const ended = new AbortController()
  void (async () => {
    while (!ended.signal.aborted) {
      const leftMs = endsMs - clock.nowMs()
      if (leftMs <= 0) return over()
      await clock.sleep(leftMs, ended.signal)
    }
  })()
  return { extend: (ms) => (endsMs = Math.max(endsMs, ms)), end: () => ended.abort() }
}
