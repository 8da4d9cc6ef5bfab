/** Lines for a terminal, made of pieces with a colour each and cut to its width. Pure. */
import type { Paint } from '@fleetmend/shared'

/** Text without line breaks, and how it is painted; a bare string is not. */
export type Piece = string | readonly [keyof Paint, string]

export interface Line {
  readonly text: string
  /** Columns that it takes. */
  readonly width: number
}

/** What does not fit ends in `…`. */
export function lineOf(pieces: readonly Piece[], width: number, paint: Paint): Line {
  const whole = pieces.reduce((sum, piece) => sum + widthOf(plain(piece)), 0)
  if (whole <= width) return { text: pieces.map((piece) => painted(piece, plain(piece), paint)).join(''), width: whole }
  let left = width - 1
  const kept: string[] = []
  for (const piece of pieces) {
    const part = cut(plain(piece), left)
    left -= widthOf(part)
    if (part !== '') kept.push(painted(piece, part, paint))
    if (part.length < plain(piece).length) break
  }
  return { text: width > 0 ? `${kept.join('')}…` : '', width: Math.max(width - left, 0) }
}

/** Of the first of these columns; the second half of a wide character is not shown. */
export function cut(text: string, columns: number): string {
  let width = 0
  let end = 0
  for (const char of text) {
    width += widthOfChar(char)
    if (width > columns) break
    end += char.length
  }
  return text.slice(0, end)
}

export function widthOf(text: string): number {
  let width = 0
  for (const char of text) width += widthOfChar(char)
  return width
}

/**
 * Everything that some terminal draws two columns wide counts as two (Unicode Standard Annex 11, and emoji): a line that is
 * shorter than it could be does no harm, one that wraps would.
 */
function widthOfChar(char: string): number {
  const code = char.codePointAt(0) ?? 0
  const isNarrow = code < 0x11_00 || (code >= 0x20_10 && code < 0x23_00) || (code >= 0x25_00 && code < 0x26_00)
  return isNarrow ? 1 : 2
}

function plain(piece: Piece): string {
  return typeof piece === 'string' ? piece : piece[1]
}

function painted(piece: Piece, text: string, paint: Paint): string {
  return typeof piece === 'string' ? text : paint[piece[0]](text)
}
