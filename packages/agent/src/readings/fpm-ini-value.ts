/**
 * Values of PHP's ini language in normal mode: quotes, escapes, keywords, operators and `${VARIABLE}`, by the rules of
 * Zend/zend_ini_scanner.l and Zend/zend_ini_parser.y. The scanner takes the longest match, and so does this.
 */
import { atoi } from './atoi.ts'
import { phpConstants } from './php-constants.ts'
import type { Span } from './splice.ts'

export interface IniValue {
  readonly value: string
  /** As written, with quotes, without blanks around it. Empty and just behind the `=` when nothing is written. */
  readonly span: Span
  /** Where the next statement begins: behind the line break, as a rule. */
  readonly end: number
  /** Names of `${…}` in it, which only the master can resolve (php.ini, then its environment); they add nothing to `value`. */
  readonly variables: readonly string[]
}

export type IniValueReading = { readonly ok: true; readonly value: IniValue } | Refused
export type IniNameReading = { readonly ok: true; readonly name: string; readonly end: number } | Refused

interface Refused {
  readonly ok: false
  readonly says: string
}

interface Cursor {
  readonly text: string
  at: number
  /** End of the last token without the blanks that it swallowed. */
  tokenEnd: number
  readonly variables: string[]
  /** Of brackets and of operators before an operand. */
  depth: number
}

/** More than anybody writes, and less than this program's stack holds. */
const maxDepth = 500

/** The value behind the `=` that ends at `from`. `text` is one line with its line break. */
export function readIniValue(text: string, from: number): IniValueReading {
  const start = from + lengthAt(BLANKS, text, from)
  const cursor: Cursor = { text, at: start, tokenEnd: start, variables: [], depth: 0 }
  const value = valueEnd(text, start) === null ? (keyword(cursor) ?? expression(cursor)) : ''
  const end = value === null ? null : (valueEnd(text, cursor.at) ?? unclosedRawEnd(text, cursor.at))
  if (value === null || end === null) return { ok: false, says: unexpected(cursor) }
  // A `$` at the very end takes the line break along, into the value but not into the span.
  const written = text.slice(start, cursor.tokenEnd).replace(/[\r\n]+$/, '')
  const span = written === '' ? { start: from, end: from } : { start, end: start + written.length }
  return { ok: true, value: { value, span, end, variables: cursor.variables } }
}

/** A section's name or an array's key, from behind the `[`. */
export function readIniName(text: string, from: number, kind: 'section' | 'key'): IniNameReading {
  const [close, run] = kind === 'section' ? [SECTION_CLOSE, NAME_RUN] : [KEY_CLOSE, KEY_RUN]
  const cursor: Cursor = { text, at: from, tokenEnd: from, variables: [], depth: 0 }
  const name = lengthAt(close, text, from) > 0 ? '' : stringList(cursor, run, close)
  const closing = lengthAt(close, text, cursor.at)
  if (name === null || closing === 0) return { ok: false, says: unexpected(cursor) }
  if (cursor.variables.length > 0)
    return { ok: false, says: `\${${cursor.variables[0]}} in brackets is not followed here` }
  return { ok: true, name, end: cursor.at + closing }
}

const BLANKS = /[ \t]+/y
const LINE_END = /[ \t]*(?:;[^\r\n]*)?(?:\r\n|\r|\n)/y
const KEYWORD = /(?:true|on|yes|(false|off|none|no|null))[ \t]*/iy
/**
 * `$` takes the next character along, and `$\` the one after it, whatever they are, unless that opens a `${VARIABLE}`.
 * Of `$\$` the first two go together when that makes the match longer.
 */
const VALUE_RUN = /(?:[^$= \t\n\r;&|^~()!"']|\$(?:\\(?!\$[^{])[^]|[^{]))+/y
const NAME_RUN = /(?:[^$\n\r;"'\]\\]|\\[^]|\$(?:\\(?!\$[^{])[^]|[^{]))+/y
/** The same characters, but a word may be a constant, which it is not as the name of a section. */
const KEY_RUN = new RegExp(NAME_RUN.source, 'y')
const SECTION_CLOSE = /\][ \t]*(?:\r\n|\r|\n)?/y
const KEY_CLOSE = /[ \t]*\]/y
const NEVER = /(?!)/y
const OPENING_QUOTE = /[ \t]*"/y
const RAW_STRING = /'[^']+'/y
const VARIABLE = /\$\{([^=\n\r\t;&|^$~(){}!"[]+)\}/y
/** Blanks inside a value; those before a quote, a comment or the line's end are nobody's. */
const INNER_BLANKS = /[ \t]+(?![ \t\r\n;"])/y
const OPERATOR = /[&|^~()!][ \t]*/y

/** Where the statement behind a value begins, or null when the value is not over. */
function valueEnd(text: string, at: number): number | null {
  if (at >= text.length) return at
  const ending = lengthAt(LINE_END, text, at)
  if (ending > 0) return at + ending
  // The scanner knows no empty raw string: the first quote of '' ends the value.
  return text.startsWith("''", at) ? at + 1 : null
}

/** A single quote that is not closed makes the scanner see the end of its text: `it's` is `it`, without a word. */
function unclosedRawEnd(text: string, at: number): number | null {
  return text.charAt(at) === "'" && lengthAt(RAW_STRING, text, at) === 0 ? text.length : null
}

/** `yes` becomes 1 and `none` nothing, but `yes.log` and `nobody` are words: the longer match wins. */
function keyword(cursor: Cursor): string | null {
  const match = matchAt(KEYWORD, cursor.text, cursor.at)
  if (!match || match[0].length < lengthAt(VALUE_RUN, cursor.text, cursor.at)) return null
  take(cursor, match[0])
  return match[1] === undefined ? '1' : ''
}

/** `|`, `&` and `^` have one precedence and go from left to right; their operands are ints by atoi. */
function expression(cursor: Cursor): string | null {
  let left = operand(cursor)
  for (;;) {
    const operator = cursor.text.charAt(cursor.at)
    if (left === null || (operator !== '|' && operator !== '&' && operator !== '^')) return left
    take(cursor, matchAt(OPERATOR, cursor.text, cursor.at)?.[0] ?? operator)
    const right = operand(cursor)
    if (right === null) return null
    const [a, b]: readonly [number, number] = [atoi(left), atoi(right)]
    left = String(operator === '|' ? a | b : operator === '&' ? a & b : a ^ b)
  }
}

function operand(cursor: Cursor): string | null {
  if (cursor.depth === maxDepth) return null
  cursor.depth += 1
  const value = operandWithin(cursor)
  cursor.depth -= 1
  return value
}

function operandWithin(cursor: Cursor): string | null {
  const operator = matchAt(OPERATOR, cursor.text, cursor.at)?.[0]
  if (operator === undefined) return stringList(cursor, VALUE_RUN, NEVER)
  switch (operator.charAt(0)) {
    case '~':
    case '!': {
      take(cursor, operator)
      const inner = operand(cursor)
      if (inner === null) return null
      return String(operator.startsWith('~') ? ~atoi(inner) : Number(atoi(inner) === 0))
    }
    case '(': {
      take(cursor, operator)
      const inner = expression(cursor)
      const closing = matchAt(OPERATOR, cursor.text, cursor.at)?.[0]
      if (inner === null || !closing?.startsWith(')')) return null
      take(cursor, closing)
      return inner
    }
    default:
      return null
  }
}

/** Strings side by side are one string. A keyword among them is no string, and so ends the list. */
function stringList(cursor: Cursor, run: RegExp, close: RegExp): string | null {
  let list: string | null = null
  while (cursor.at < cursor.text.length && lengthAt(close, cursor.text, cursor.at) === 0) {
    const part = stringPart(cursor, run)
    if (part === null) break
    list = (list ?? '') + part
  }
  return list
}

function stringPart(cursor: Cursor, run: RegExp): string | null {
  const { text, at } = cursor
  const quote = matchAt(OPENING_QUOTE, text, at)?.[0]
  if (quote !== undefined) {
    take(cursor, quote)
    return quotedString(cursor)
  }
  const raw = matchAt(RAW_STRING, text, at)?.[0]
  if (raw !== undefined) return take(cursor, raw).slice(1, -1)
  if (text.startsWith('${', at)) return variable(cursor)
  const word = matchAt(run, text, at)?.[0]
  if (word === undefined) {
    const blanks = matchAt(INNER_BLANKS, text, at)?.[0]
    return blanks === undefined ? null : take(cursor, blanks, at + blanks.length)
  }
  if (run === VALUE_RUN && lengthAt(KEYWORD, text, at) >= word.length) return null
  take(cursor, word, at + word.length)
  return run === NAME_RUN ? word : (phpConstants.get(word) ?? word)
}

/** From behind the opening quote to behind the closing one; null when it never closes on this line. */
function quotedString(cursor: Cursor): string | null {
  const { text, at: opened } = cursor
  let string = ''
  while (cursor.at < text.length) {
    if (text.charAt(cursor.at) === '"') {
      cursor.at += 1
      cursor.tokenEnd = cursor.at
      cursor.at += lengthAt(BLANKS, text, cursor.at)
      return string
    }
    if (text.startsWith('${', cursor.at)) {
      if (variable(cursor) === null) break
      continue
    }
    const end = quotedRunEnd(text, cursor.at)
    string += text.slice(cursor.at, end).replace(/\\([\\"$])/g, '$1')
    cursor.at = end
  }
  cursor.at = opened - 1
  return null
}

/** A backslash protects the next character, except a quote that ends the line: `"C:\path\"` is a whole string. */
function quotedRunEnd(text: string, from: number): number {
  let at = from
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === '"' || text.startsWith('${', at)) break
    if (char === '\\' && /^"[\r\n]?$/.test(text.slice(at + 1, at + 3))) return at + 1
    at += char === '\\' ? 2 : 1
  }
  return Math.min(at, text.length)
}

function variable(cursor: Cursor): string | null {
  const match = matchAt(VARIABLE, cursor.text, cursor.at)
  if (!match) return null
  take(cursor, match[0])
  cursor.variables.push((match[1] ?? '').trim())
  return ''
}

function unexpected({ text, at }: Cursor): string {
  const rest = text.slice(at).trim()
  const shown = JSON.stringify(rest.slice(0, 40))
  if (rest === '') return 'it breaks off: a bracket or an operand is missing'
  if (rest.startsWith('"')) return `the quote before ${JSON.stringify(rest.slice(1, 41))} is not closed on its line`
  return `FPM cannot take ${shown} where it stands; such characters and words need double quotes around them`
}

function take(cursor: Cursor, token: string, tokenEnd = cursor.at + token.trimEnd().length): string {
  cursor.tokenEnd = tokenEnd
  cursor.at += token.length
  return token
}

function matchAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}

function lengthAt(pattern: RegExp, text: string, at: number): number {
  return matchAt(pattern, text, at)?.[0].length ?? 0
}
