/**
 * One physical line of an FPM configuration. FPM hands each line to PHP's ini parser by itself
 * (`fpm_conf.c:fpm_conf_load_ini_file`), so nothing continues on the next line. A line usually holds one statement, but
 * `[www] pm = static` is two, and so are lines that end with a bare CR.
 */
import { readIniName, readIniValue } from './fpm-ini-value.ts'
import type { Span } from './splice.ts'

export type IniStatement =
  | { readonly is: 'section'; readonly name: string }
  | {
      readonly is: 'directive'
      readonly name: string
      /** `PATH` of `env[PATH]`. */
      readonly key?: string
      readonly value: string
      /** Of the value as written, in the line. */
      readonly valueSpan: Span
      readonly variables: readonly string[]
    }

/** No statements: the line is blank or a comment. `says` is why FPM refuses the line. */
export type IniLine =
  | { readonly ok: true; readonly statements: readonly IniStatement[] }
  | { readonly ok: false; readonly says: string }

/** `line` is without its LF; a CR before it belongs to the line. */
export function readIniLine(line: string): IniLine {
  if (line.includes('\0')) return { ok: false, says: 'it holds a NUL byte, where FPM stops reading it' }
  const text = `${line}\n`
  const statements: IniStatement[] = []
  // The scanner looks for the mark at the start of each line, because each line is a text of its own to it.
  let at = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  while (at < text.length) {
    const nothing = endAt(NOTHING, text, at)
    if (nothing !== null) {
      at = nothing
      continue
    }
    const read = readStatement(text, at)
    if (!read.ok) return read
    statements.push(read.statement)
    at = read.end
  }
  return { ok: true, statements }
}

/** UTF-8's, as byte text. */
export const BYTE_ORDER_MARK = '\u00ef\u00bb\u00bf'

type StatementReading =
  | { readonly ok: true; readonly statement: IniStatement; readonly end: number }
  | { readonly ok: false; readonly says: string }

const NOTHING = /[ \t]*(?:;[^\r\n]*)?(?:\r\n|\r|\n)/y
/** Blanks before the bracket make it an array without a name, unless a tab is among them: then they are skipped first. */
const SECTION_OPEN = /(?: *\t[ \t]*)?\[/y
const ARRAY_OPEN = /[ \t]*([^=\n\r\t;&|^$~(){}!"[]+)\[[ \t]*/y
const LABEL = /[ \t]*([^=\n\r\t;&|^$~(){}!"[]+)/y
const EQUALS = /[ \t]*=/y
const KEYWORD = /^(?:true|on|yes|false|off|none|no|null)$/i

function readStatement(text: string, at: number): StatementReading {
  if (endAt(EQUALS, text, at) !== null) return { ok: false, says: 'there is no name before the "="' }
  const bracket = endAt(SECTION_OPEN, text, at)
  if (bracket !== null) return readSection(text, bracket)
  const array = execAt(ARRAY_OPEN, text, at)
  if (array) return readArray(text, ARRAY_OPEN.lastIndex, (array[1] ?? '').trim())
  const label = execAt(LABEL, text, at)
  if (!label)
    return { ok: false, says: `no directive begins with ${JSON.stringify(text.slice(at).trim().slice(0, 40))}` }
  return readPlain(text, LABEL.lastIndex, (label[1] ?? '').trim())
}

function readSection(text: string, at: number): StatementReading {
  const name = readIniName(text, at, 'section')
  return name.ok ? { ok: true, statement: { is: 'section', name: name.name }, end: name.end } : name
}

function readArray(text: string, at: number, name: string): StatementReading {
  const key = readIniName(text, at, 'key')
  if (!key.ok) return key
  const equals = endAt(EQUALS, text, key.end)
  if (equals !== null) return readDirective(text, equals, { name, key: key.name })
  const says = name === '' ? `a section begins in the first column: [${key.name}]` : `${name}[${key.name}] has no value`
  return { ok: false, says }
}

function readPlain(text: string, at: number, name: string): StatementReading {
  const equals = endAt(EQUALS, text, at)
  if (equals !== null && !KEYWORD.test(name)) return readDirective(text, equals, { name })
  if (name.startsWith('#'))
    return { ok: false, says: `a comment begins with ";", so ${JSON.stringify(name)} is taken for a directive` }
  return { ok: false, says: `${JSON.stringify(name)} is no directive with a value` }
}

function readDirective(
  text: string,
  equals: number,
  names: { readonly name: string; readonly key?: string },
): StatementReading {
  const value = readIniValue(text, equals)
  if (!value.ok) return value
  const { value: scanned, span: valueSpan, end, variables } = value.value
  return { ok: true, statement: { is: 'directive', ...names, value: scanned, valueSpan, variables }, end }
}

function endAt(pattern: RegExp, text: string, at: number): number | null {
  return execAt(pattern, text, at) ? pattern.lastIndex : null
}

function execAt(pattern: RegExp, text: string, at: number): RegExpExecArray | null {
  pattern.lastIndex = at
  return pattern.exec(text)
}
