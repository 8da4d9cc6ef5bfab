/**
 * PHP-FPM's configuration as FPM reads it (`fpm_conf.c`): includes walked in FPM's order, sections reopened, the last
 * occurrence of a directive wins. Every value keeps its place, so that it can be changed where it counts.
 */
import { BYTE_ORDER_MARK, readIniLine, type IniLine, type IniStatement } from './fpm-ini-line.ts'
import { expandPool } from './fpm-values.ts'
import { remembered } from './remembered.ts'
import type { Span } from './splice.ts'

/** One place where a directive is set. Spans are into the byte text of `path`. */
export interface FpmDirective {
  /** Lower-cased, except for the array names, which FPM compares exactly. */
  readonly name: string
  /** `PATH` of `env[PATH]`; absent for plain directives. */
  readonly key?: string
  /** As FPM takes it: quotes and escapes resolved, `yes` as 1 and `no` as nothing, `$pool` replaced. */
  readonly value: string
  /** Names of `${…}` in it. Only the master can resolve them, so `value` lacks them: do not judge by it. */
  readonly variables: readonly string[]
  readonly path: string
  readonly line: number
  /** The whole line without its line break. */
  readonly lineSpan: Span
  /** The value as written, quotes included, without blanks around it and without a comment after it. */
  readonly valueSpan: Span
}

export interface FpmPool {
  readonly name: string
  /** Last occurrence of each plain directive, after includes and reopened sections. */
  readonly directives: ReadonlyMap<string, FpmDirective>
  /** `env[..]`, `php_value[..]` …: all occurrences. */
  readonly entries: readonly FpmDirective[]
}

export interface FpmFile {
  readonly path: string
  readonly text: string
}

/**
 * Lines that FPM reads one after the other in one file and under one section. A file that is included twice has its
 * stretches twice, and a snippet without header then belongs to two pools.
 */
export interface FpmStretch {
  readonly path: string
  /** Null for `[global]`. */
  readonly pool: string | null
  /** Offsets between which a new line would stand under this section; none when `from` is behind `to`. */
  readonly from: number
  readonly to: number
  readonly directives: readonly FpmDirective[]
}

export interface FpmConfig {
  /** The main file first. */
  readonly files: readonly FpmFile[]
  readonly global: ReadonlyMap<string, FpmDirective>
  /** In definition order. */
  readonly pools: readonly FpmPool[]
  /** In FPM's reading order. */
  readonly stretches: readonly FpmStretch[]
  /** What was not understood, each with file and line; FPM would refuse most of them. */
  readonly oddities: readonly string[]
}

/** Text of one file, or why it could not be read. */
export type FpmFileSource = (
  path: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly says: string }
/** Paths that an include pattern matches, as glob(3) with GLOB_MARK gives them: byte order, directories end in `/`. */
export type FpmGlobSource = (pattern: string) => readonly string[]

export type FpmConfigReading =
  | { readonly ok: true; readonly value: FpmConfig }
  | { readonly ok: false; readonly says: string }

/** Reads the whole configuration. Pure: files come from `read` and `glob`. `prefix` is PHP_PREFIX, for relative includes. */
export function readFpmConfig(
  main: string,
  read: FpmFileSource,
  glob: FpmGlobSource,
  prefix: string,
): FpmConfigReading {
  const file = read(main)
  if (!file.ok) return { ok: false, says: `${main} cannot be read: ${file.says}` }
  const walk: Walk = {
    read,
    glob,
    prefix,
    files: new Map(),
    global: new Map(),
    pools: new Map(),
    stretches: [],
    oddities: [],
    pool: null,
    isTooDeep: false,
  }
  walkFile(walk, { path: main, text: file.text }, 1)
  const { files, global, pools, stretches, oddities } = walk
  return { ok: true, value: { files: [...files.values()], global, pools: [...pools.values()], stretches, oddities } }
}

interface Walk {
  readonly read: FpmFileSource
  readonly glob: FpmGlobSource
  readonly prefix: string
  readonly files: Map<string, FpmFile>
  readonly global: Map<string, FpmDirective>
  /** By lower-cased name: `[WWW]` reopens `[www]`, which keeps its first spelling. */
  readonly pools: Map<string, PoolSoFar>
  readonly stretches: FpmStretch[]
  readonly oddities: string[]
  /** The section being read; null is `[global]`. It survives the end of a file, as in FPM. */
  pool: PoolSoFar | null
  /** FPM gives up here; files that all include each other would otherwise be read thousands of times. */
  isTooDeep: boolean
}

interface PoolSoFar extends FpmPool {
  readonly directives: Map<string, FpmDirective>
  readonly entries: FpmDirective[]
}

/** `fpm_conf.c:fpm_conf_load_ini_file` counts the main file too. */
const maxNesting = 5

function walkFile(walk: Walk, file: FpmFile, nesting: number): void {
  const { path, text } = file
  walk.files.set(path, file)
  const top = text.startsWith(BYTE_ORDER_MARK) ? BYTE_ORDER_MARK.length : 0
  let stretch = { from: top, directives: new Array<FpmDirective>() }
  const endStretch = (line: number, next: number): void => {
    walk.stretches.push({ path, pool: walk.pool?.name ?? null, ...stretch, to: Math.max(top, line) })
    stretch = { from: next, directives: [] }
  }
  for (const { number, span, next, line } of iniLines(text)) {
    const place = { path, line: number, lineSpan: span }
    if (!line.ok) {
      walk.oddities.push(`${path}:${number}: ${line.says}`)
      continue
    }
    const patterns: string[] = []
    for (const statement of line.statements) {
      if (statement.is === 'section') {
        endStretch(span.start, next)
        walk.pool = openSection(walk, statement.name)
      } else if (statement.name === 'include' && statement.key === undefined) {
        patterns.push(statement.value)
      } else {
        if (walk.pool?.name.includes('$pool') === true && statement.value.includes('$pool'))
          walk.oddities.push(`${path}:${number}: ${endless}`)
        const directive = directiveAt(statement, place, walk.pool)
        if (keep(walk, directive)) stretch.directives.push(directive)
      }
    }
    if (patterns.length > 1) walk.oddities.push(`${path}:${number}: FPM takes one include per line`)
    if (patterns[0] !== undefined) {
      endStretch(span.start, next)
      include(walk, patterns[0], place, nesting)
    }
  }
  endStretch(text.length, text.length)
}

/** `fpm_conf_expand_pool_name` replaces until there is nothing left to replace. */
const endless = 'FPM never comes to an end replacing $pool, because the name of the pool has $pool in it'

/** A directory that matches is skipped; any other match that cannot be opened is fatal to FPM. */
function include(
  walk: Walk,
  written: string,
  at: { readonly path: string; readonly line: number },
  nesting: number,
): void {
  const pattern = written.startsWith('/') ? written : `${walk.prefix}/${written}`
  const paths = walk.glob(pattern).filter((path) => !path.endsWith('/'))
  const odd = (says: string): number => walk.oddities.push(`${at.path}:${at.line}: ${says}`)
  // Refused only where the folder is not there either (`glob(3)`: GLOB_ERR).
  if (paths.length === 0) odd(`nothing matches the include ${pattern}`)
  for (const path of paths) {
    if (walk.isTooDeep) return
    const file = walk.read(path)
    if (!file.ok) {
      odd(`${path} cannot be read: ${file.says}`)
    } else if (nesting === maxNesting) {
      walk.isTooDeep = true
      odd(`${path} is not read, and no include after it, because includes nest ${maxNesting} files deep at most`)
    } else {
      walkFile(walk, { path, text: file.text }, nesting + 1)
    }
  }
}

function openSection(walk: Walk, name: string): PoolSoFar | null {
  const key = asciiLower(name)
  if (key === 'global') return null
  const pool = walk.pools.get(key) ?? { name, directives: new Map(), entries: [] }
  walk.pools.set(key, pool)
  return pool
}

function directiveAt(
  statement: IniStatement & { readonly is: 'directive' },
  place: { readonly path: string; readonly line: number; readonly lineSpan: Span },
  pool: FpmPool | null,
): FpmDirective {
  const { name, key, value, variables, valueSpan } = statement
  const offset = place.lineSpan.start
  return {
    ...(key === undefined ? { name: asciiLower(name) } : { name, key }),
    value: pool ? expandPool(value, pool.name) : value,
    variables,
    ...place,
    valueSpan: { start: offset + valueSpan.start, end: offset + valueSpan.end },
  }
}

function keep(walk: Walk, directive: FpmDirective): boolean {
  const odd = (says: string): number => walk.oddities.push(`${directive.path}:${directive.line}: ${says}`)
  if (directive.variables.length > 0)
    odd(`${directive.name} depends on \${${directive.variables.join('}, ${')}}, which only the master knows`)
  if (directive.key === '' && directive.name !== 'access.suppress_path')
    odd(`${directive.name}[] needs a name in its brackets`)
  if (directive.name === 'env' && directive.value === '' && directive.variables.length === 0)
    odd(`env[${directive.key}] has an empty value, which FPM refuses`)
  if (directive.key === undefined) (walk.pool?.directives ?? walk.global).set(directive.name, directive)
  else if (walk.pool) walk.pool.entries.push(directive)
  else odd(`${directive.name}[${directive.key}] cannot stand in [global]`)
  return directive.key === undefined || walk.pool !== null
}

interface PlacedLine {
  readonly number: number
  readonly span: Span
  /** Where the line after it begins. */
  readonly next: number
  readonly line: IniLine
}

const iniLines = remembered((text): readonly PlacedLine[] => {
  const lines: PlacedLine[] = []
  let start = 0
  for (let number = 1; start < text.length; number++) {
    const lf = text.indexOf('\n', start)
    const end = lf === -1 ? text.length : lf
    const line = readIniLine(text.slice(start, end))
    lines.push({ number, span: { start, end }, next: Math.min(end + 1, text.length), line })
    start = end + 1
  }
  return lines
})

/** strcasecmp(3) knows A to Z; JavaScript would fold bytes above 127, too. */
function asciiLower(text: string): string {
  return text.replace(/[A-Z]/g, (letter) => letter.toLowerCase())
}
