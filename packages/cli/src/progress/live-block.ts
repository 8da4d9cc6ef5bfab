/** Lines at the foot of a terminal that are drawn over: only those that differ, and never more of them than the terminal has. */
import type { Streams } from '../streams.ts'
import type { Line } from './cells.ts'

export interface LiveBlock {
  show(lines: readonly Line[]): void
  /** Text that stays, above it. */
  write(text: string): void
  clear(): void
}

type Terminal = Pick<Streams, 'err' | 'columns' | 'rows'>

const belowIsErased = '\u001B[J'
const restIsErased = '\u001B[K'

export function liveBlock(terminal: Terminal): LiveBlock {
  let shown: readonly Line[] = []
  let columns = terminal.columns

  /** To the first column of its first line. A terminal that got narrower has parted lines that no longer fit. */
  const toTop = (): string => {
    const height = shown.reduce((sum, { width }) => sum + Math.max(Math.ceil(width / terminal.columns), 1), 0)
    return `\r${up(Math.min(height, terminal.rows) - 1)}`
  }
  const erased = (): string => (shown.length === 0 ? '' : `${toTop()}${belowIsErased}`)
  const drawn = (lines: readonly Line[]): string => lines.map(({ text }) => text).join('\n')

  return {
    show(lines) {
      const fitting = lines.slice(0, Math.max(terminal.rows - 1, 1))
      const isResized = columns !== terminal.columns || shown.length > terminal.rows
      columns = terminal.columns
      terminal.err(isResized ? `${erased()}${drawn(fitting)}` : changes(shown, fitting))
      shown = fitting
    },
    write(text) {
      terminal.err(`${erased()}${text}${drawn(shown)}`)
    },
    clear() {
      if (shown.length > 0) terminal.err(erased())
      shown = []
    },
  }
}

/** From the end of what is shown to the end of what is to be shown. */
function changes(before: readonly Line[], after: readonly Line[]): string {
  if (before.length === 0) return after.map(({ text }) => text).join('\n')
  if (before.length === after.length && after.every(({ text }, row) => text === before[row]?.text)) return ''
  const rows = after.map(({ text }, row) => {
    const isKept = text === before[row]?.text
    // Where the cursor ends matters only in the last row.
    return isKept && row < after.length - 1 ? '' : `${text}${restIsErased}`
  })
  const fewer = after.length < before.length ? belowIsErased : ''
  return `\r${up(before.length - 1)}${rows.join('\r\n')}${fewer}`
}

function up(rows: number): string {
  return rows > 0 ? `\u001B[${rows}A` : ''
}
