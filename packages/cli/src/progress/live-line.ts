/** One line at the foot of a terminal that says what is waited for, drawn over as things go on; elsewhere nothing. */
import type { Streams } from '../streams.ts'

export interface LiveLine {
  show(text: string): void
  /** A line that stays, above it. */
  write(text: string): void
  clear(): void
}

const clearLine = '\r\u001B[2K'

export function liveLine(streams: Streams): LiveLine {
  const { errPaint, isLive, width } = streams
  let shown = ''
  const clear = (): void => {
    if (shown !== '') streams.err(clearLine)
    shown = ''
  }
  const show = (text: string): void => {
    if (!isLive) return
    clear()
    // A line that wraps could not be cleared.
    shown = text.length < width ? text : `${text.slice(0, Math.max(width - 2, 1))}…`
    streams.err(errPaint.dim(shown))
  }
  return {
    show,
    clear,
    write: (text) => {
      const kept = shown
      clear()
      streams.err(`${text}\n`)
      if (kept !== '') show(kept)
    },
  }
}
