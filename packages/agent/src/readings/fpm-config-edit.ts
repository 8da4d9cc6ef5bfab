/**
 * Sets directives of an FPM configuration so that they take effect and nothing else changes: the occurrence that counts
 * is replaced in place, or a line is added where the section is being read.
 */
import type { FpmConfig, FpmDirective, FpmStretch } from './fpm-config.ts'
import { BYTE_ORDER_MARK, readIniLine } from './fpm-ini-line.ts'
import type { Splice } from './splice.ts'

export interface FpmEdit {
  readonly path: string
  readonly splice: Splice
}

/** The splice that makes `name = value` effective in a pool. A keyword such as `yes` stays one; what needs quotes gets them. */
export function setPoolDirective(config: FpmConfig, pool: string, name: string, value: string): FpmEdit {
  const found = config.pools.find((each) => each.name === pool)
  if (!found) throw new Error(`There is no pool ${JSON.stringify(pool)} to set ${name} in. This is a bug.`)
  return setDirective(config, { pool, name, value, current: found.directives.get(name) })
}

/** The same for `[global]`: never lands in a pool, even where an include stands before it. */
export function setGlobalDirective(config: FpmConfig, name: string, value: string): FpmEdit {
  return setDirective(config, { pool: null, name, value, current: config.global.get(name) })
}

interface Wanted {
  readonly pool: string | null
  readonly name: string
  readonly value: string
  /** The occurrence that counts now. */
  readonly current: FpmDirective | undefined
}

function setDirective(config: FpmConfig, wanted: Wanted): FpmEdit {
  if (!/^[a-z][a-z0-9_.]*$/.test(wanted.name))
    throw new Error(`${JSON.stringify(wanted.name)} is no directive. This is a bug.`)
  const { current } = wanted
  if (current && isReadUnderOneSection(config, current)) return replaceValue(config, current, wanted.value)
  const place = commentedDefault(config, wanted) ?? endOfSection(config, wanted)
  return place ? insertDirective(config, place, wanted) : reopenAtTheEnd(config, wanted)
}

/** A snippet that two pools include has one line for both: changing it would change the other pool as well. */
function isReadUnderOneSection(config: FpmConfig, { path, valueSpan }: FpmDirective): boolean {
  const readings = config.stretches.filter((stretch) =>
    stretch.directives.some((each) => each.path === path && each.valueSpan.start === valueSpan.start),
  )
  return readings.every((stretch) => stretch.pool === readings[0]?.pool)
}

function replaceValue(config: FpmConfig, { path, valueSpan }: FpmDirective, value: string): FpmEdit {
  const written = textOfFile(config, path).slice(valueSpan.start, valueSpan.end)
  const text = writeValue(value, written.startsWith('"'))
  return { path, splice: { ...valueSpan, text: written === '' ? ` ${text}` : text } }
}

interface Place {
  readonly path: string
  readonly offset: number
  readonly indent: string
}

/** Shipped files show most directives as `;name = default`, under the words that explain it: the natural place. */
function commentedDefault(config: FpmConfig, { pool, name, current }: Wanted): Place | null {
  if (current) return null
  const pattern = new RegExp(`^([ \\t]*);[ \\t]*${RegExp.escape(name)}[ \\t]*=[^\\n]*\\n?`, 'm')
  for (const { path, from, to } of stretchesOf(config, pool).toReversed()) {
    const shown = pattern.exec(textOfFile(config, path).slice(from, to))
    if (!shown) continue
    const place = { path, offset: from + shown.index + shown[0].length, indent: shown[1] ?? '' }
    if (isOnlyIn(config, pool, place)) return place
  }
  return null
}

/** Behind the last directive of the section, else behind its header; in any case behind `current`, or it would still win. */
function endOfSection(config: FpmConfig, { pool, current }: Wanted): Place | null {
  const counts = config.stretches.findLastIndex(
    (stretch) => current !== undefined && stretch.directives.includes(current),
  )
  const places = stretchesOf(config, pool)
    .filter((stretch) => counts === -1 || config.stretches.indexOf(stretch) >= counts)
    .map((stretch) => ({ isEmpty: stretch.directives.length === 0, place: endOfDirectives(config, stretch) }))
    .filter(({ place }) => isOnlyIn(config, pool, place))
  return (places.findLast(({ isEmpty }) => !isEmpty) ?? places[0])?.place ?? null
}

function endOfDirectives(config: FpmConfig, { path, from, to, directives }: FpmStretch): Place {
  const last = directives.at(-1)
  if (!last) return { path, offset: from, indent: '' }
  const text = textOfFile(config, path)
  const indent = /^[ \t]*/.exec(text.slice(last.lineSpan.start, last.lineSpan.end))?.[0] ?? ''
  return { path, offset: Math.min(Math.max(from, last.lineSpan.end + 1), to), indent }
}

function stretchesOf(config: FpmConfig, pool: string | null): readonly FpmStretch[] {
  return config.stretches.filter((stretch) => stretch.pool === pool && stretch.from <= stretch.to)
}

function isOnlyIn(config: FpmConfig, pool: string | null, { path, offset }: Place): boolean {
  return config.stretches.every(
    (stretch) => stretch.pool === pool || stretch.path !== path || offset < stretch.from || offset > stretch.to,
  )
}

function insertDirective(config: FpmConfig, { path, offset, indent }: Place, { name, value }: Wanted): FpmEdit {
  return insertLines(config, path, offset, [`${indent}${name} = ${writeValue(value, false)}`])
}

/** Where every line of the section is shared: nothing is read after the main file's end, so a header there harms no one. */
function reopenAtTheEnd(config: FpmConfig, { pool, name, value }: Wanted): FpmEdit {
  const main = config.files[0]
  if (!main) throw new Error('A configuration has no main file. This is a bug.')
  return insertLines(config, main.path, main.text.length, [
    writeHeader(pool ?? 'global'),
    `${name} = ${writeValue(value, false)}`,
  ])
}

/** Whole lines with the file's own line ending; the line before gets one if it has none. */
function insertLines(config: FpmConfig, path: string, offset: number, lines: readonly string[]): FpmEdit {
  const text = textOfFile(config, path)
  const ending = /\r?\n/.exec(text)?.[0] ?? '\n'
  const before = text.slice(0, offset)
  const lead = before === '' || before === BYTE_ORDER_MARK || before.endsWith('\n') ? '' : ending
  return { path, splice: { start: offset, end: offset, text: lead + lines.map((line) => line + ending).join('') } }
}

/** The first way of writing that FPM reads as this value. A keyword is meant as one. */
function writeValue(value: string, quoted: boolean): string {
  const inQuotes = `"${value.replace(/["\\]|\$(?=\{)/g, '\\$&')}"`
  const written = [...(quoted ? [] : [value]), inQuotes, value].find((text) => isReadAs(text, value))
  if (written === undefined)
    throw new Error(`${JSON.stringify(value)} cannot be a value in an FPM configuration. This is a bug.`)
  return written
}

const KEYWORD = /^(?:true|on|yes|false|off|none|no|null)$/i

function isReadAs(written: string, value: string): boolean {
  if (/[\r\n]/.test(value)) return false
  const line = readIniLine(`x = ${written}`)
  const [statement, more] = line.ok ? line.statements : []
  if (statement?.is !== 'directive' || more || statement.variables.length > 0) return false
  // Up to 8.2.18 a quoted "yes" is no boolean to FPM.
  return KEYWORD.test(value) ? written === value : statement.value === value
}

function writeHeader(name: string): string {
  const written = [`[${name}]`, `["${name.replace(/["\\]/g, '\\$&')}"]`].find((text) => {
    const line = readIniLine(text)
    const [statement, more] = line.ok ? line.statements : []
    return statement?.is === 'section' && statement.name === name && !more
  })
  if (written === undefined) throw new Error(`${JSON.stringify(name)} cannot be a section. This is a bug.`)
  return written
}

function textOfFile(config: FpmConfig, path: string): string {
  return config.files.find((file) => file.path === path)?.text ?? ''
}
