/**
 * A line lives no longer than the certificate of its host: who stole one may not stay for ever by not hanging up. One wait
 * for all lines; of each no more is kept than its end.
 */
import type { Clock } from '../runs/clock.ts'

export interface LineLife {
  /** The host renewed its certificate over this very line, which only who has its key can hold. */
  extend(untilMs: number): void
  end(): void
}

export interface LineLives {
  begin(untilMs: number, over: () => void): LineLife
}

/** Lines that end in the same second are looked for once. */
const stepMs = 1000

export function lineLives(clock: Clock): LineLives {
  const lines = new Set<Line>()
  let wakesMs = Infinity
  let waiting = new AbortController()

  class Line implements LineLife {
    #untilMs: number
    readonly over: () => void

    constructor(untilMs: number, over: () => void) {
      this.#untilMs = untilMs
      this.over = over
      lines.add(this)
    }

    get untilMs(): number {
      return this.#untilMs
    }

    extend(untilMs: number): void {
      this.#untilMs = Math.max(this.#untilMs, untilMs)
    }

    end(): void {
      lines.delete(this)
      if (lines.size === 0) waiting.abort()
    }
  }

  async function wait(untilMs: number): Promise<void> {
    waiting.abort()
    const mine = (waiting = new AbortController())
    wakesMs = untilMs
    await clock.sleep(Math.max(untilMs - clock.nowMs(), 0), mine.signal)
    if (waiting !== mine) return
    wakesMs = Infinity
    if (lines.size > 0) endThose()
  }

  function endThose(): void {
    const nowMs = clock.nowMs()
    let nextMs = Infinity
    for (const line of lines) {
      if (line.untilMs > nowMs) nextMs = Math.min(nextMs, line.untilMs)
      else {
        line.end()
        line.over()
      }
    }
    if (nextMs < wakesMs) void wait(nextMs)
  }

  return {
    begin(untilMs, over) {
      const line = new Line(untilMs, over)
      if (untilMs < wakesMs - stepMs) void wait(untilMs)
      return line
    },
  }
}
