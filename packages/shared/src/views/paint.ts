/** Colours as a value that a view is given, and the one way in which text from hosts and logs reaches a screen. */

export interface Paint {
  readonly bold: (text: string) => string
  readonly dim: (text: string) => string
  readonly red: (text: string) => string
  readonly green: (text: string) => string
  readonly yellow: (text: string) => string
  readonly cyan: (text: string) => string
}

const same = (text: string) => text

export const plainPaint: Paint = { bold: same, dim: same, red: same, green: same, yellow: same, cyan: same }

const ansi = (on: number, off: number) => (text: string) => `\u001B[${on}m${text}\u001B[${off}m`

export const colourPaint: Paint = {
  bold: ansi(1, 22),
  dim: ansi(2, 22),
  red: ansi(31, 39),
  green: ansi(32, 39),
  yellow: ansi(33, 39),
  cyan: ansi(36, 39),
}

/** Colour on a terminal, unless NO_COLOR is set to anything or TERM is dumb (no-color.org). */
export function paintFor(isTerminal: boolean, environment: Readonly<Record<string, string | undefined>>): Paint {
  const wanted = isTerminal && !environment['NO_COLOR'] && environment['TERM'] !== 'dumb'
  return wanted ? colourPaint : plainPaint
}

/** Control characters and those that reorder or hide text, except line break and tab. */
// oxlint-disable-next-line no-control-regex -- finding control characters is what this is for
const UNSAFE = /[\u0000-\u0008\u000B-\u001F\u007F-\u009F\u061C\u200B-\u200F\u2028-\u202E\u2060-\u2069\uFEFF]/g

/** Hostile text made harmless: every unsafe character is shown as its code. */
export function safe(text: string): string {
  return text.replace(UNSAFE, (char) => `\\u{${char.charCodeAt(0).toString(16)}}`)
}

/** As `safe`, on one line. */
export function safeLine(text: string): string {
  return safe(text).replaceAll('\n', '\\n').replaceAll('\t', ' ')
}
