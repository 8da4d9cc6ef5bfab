/**
 * nginx's configuration as nginx reads it: a tree of directives, includes spliced in where they stand, every directive
 * with its file and place. Edits are splices (nginx-config-edit.ts); nothing else is rewritten.
 *
 * Only what nginx's reader itself refuses is refused here, with the file and line that nginx names. Whether a directive
 * exists, may stand where it stands and has the right arguments is for `nginx -t` to say.
 */
import { grammarOf, includesOf, misfit, type NginxGrammar } from './nginx-grammar.ts'
import { nginxTokens, type NginxToken, type NginxTokens } from './nginx-tokens.ts'
import type { Span } from './splice.ts'

export interface NginxDirective {
  readonly name: string
  /** Unquoted and unescaped. */
  readonly args: readonly string[]
  /** As it was included: a link is not resolved. A file that is included twice gives its directives twice. */
  readonly path: string
  /** Of the name. nginx's own messages name the line where the directive ends. */
  readonly line: number
  /** From the first byte of the name to the `;` or the closing brace, inclusive. */
  readonly span: Span
  /** Of each argument as written, quotes included. */
  readonly argSpans: readonly Span[]
  /** Null for a simple directive. Includes are already replaced by what they include. */
  readonly block: readonly NginxDirective[] | null
  /** What stands between the braces of a block; of a `*_by_lua_block` it is Lua. */
  readonly bodySpan: Span | null
}

export interface NginxFile {
  readonly path: string
  readonly text: string
}

export interface NginxConfig {
  /** Each once, in load order: the order of `nginx -T`. */
  readonly files: readonly NginxFile[]
  readonly directives: readonly NginxDirective[]
}

export type NginxFileSource = (
  path: string,
) => { readonly ok: true; readonly text: string } | { readonly ok: false; readonly says: string }
/** Paths that an absolute pattern matches, in glob(3) order. */
export type NginxGlobSource = (pattern: string) => readonly string[]

export type NginxConfigReading =
  | { readonly ok: true; readonly value: NginxConfig }
  /** `says` ends in ` in PATH:LINE`, like nginx's own message; `line` is null when the main file is unreadable. */
  | { readonly ok: false; readonly says: string; readonly path: string; readonly line: number | null }

/**
 * Reads the configuration whose main file is `main`, an absolute path. Pure: files come from `read` and `glob`. After a
 * file that is unreadable or refused it goes on with the next one, so that one pass asks for every file it can know of;
 * the first refusal is the answer.
 */
export function readNginxConfig(main: string, read: NginxFileSource, glob: NginxGlobSource): NginxConfigReading {
  const directory = main.slice(0, main.lastIndexOf('/') + 1)
  const reading: Reading = { read, glob, directory, files: new Map(), loads: 0, refusal: null }
  const directives: NginxDirective[] = []
  readFile(reading, main, { place: { path: main, line: null }, chain: [], grammar: 'directives', depth: 0 }, directives)
  if (reading.refusal) return { ok: false, ...reading.refusal }
  return { ok: true, value: { files: [...reading.files].map(([path, { text }]) => ({ path, text })), directives } }
}

interface Reading {
  readonly read: NginxFileSource
  readonly glob: NginxGlobSource
  /** nginx's conf prefix: includes are relative to the main file's directory, wherever they stand. */
  readonly directory: string
  readonly files: Map<string, { readonly text: string; readonly scanned: NginxTokens }>
  loads: number
  refusal: (Place & { readonly says: string }) | null
}

interface Place {
  readonly path: string
  readonly line: number | null
}

/** Who includes a file: where, through which files, and what may stand there. */
interface Asking {
  readonly place: Place
  readonly chain: readonly string[]
  readonly grammar: NginxGrammar
  readonly depth: number
}

/** nginx knows no limit and crashes on a circle; real trees are some five deep. */
const maxDepth = 200
/** Thousands of sites with some snippets each are real; beyond this, links make files include each other's copies. */
const maxLoads = 50_000

const tooDeep = `blocks and includes are nested more than ${maxDepth} deep`

function readFile(reading: Reading, path: string, asking: Asking, into: NginxDirective[]): void {
  const scanned = load(reading, path, asking)
  if (!scanned) return
  const cursor: Cursor = { path, scanned, next: 0, gaveUp: false, chain: [...asking.chain, path] }
  readStatements(reading, cursor, { grammar: asking.grammar, block: null, depth: asking.depth }, into)
}

function load(reading: Reading, path: string, { place, chain, depth }: Asking): NginxTokens | null {
  reading.loads += 1
  if (chain.includes(path)) return refuse(reading, place, `"${path}" includes itself`)
  if (depth > maxDepth) return refuse(reading, place, tooDeep)
  if (reading.loads > maxLoads) return refuse(reading, place, `more than ${maxLoads} files are included`)
  const known = reading.files.get(path)
  if (known) return known.scanned
  const file = reading.read(path)
  if (!file.ok) return refuse(reading, place, `cannot read "${path}" (${file.says})`)
  const scanned = nginxTokens(file.text)
  reading.files.set(path, { text: file.text, scanned })
  return scanned
}

/** Where reading stands in one file. */
interface Cursor {
  readonly path: string
  readonly scanned: NginxTokens
  readonly chain: readonly string[]
  next: number
  /** Something was refused: nothing more is read from this file. */
  gaveUp: boolean
}

interface Context {
  readonly grammar: NginxGrammar
  /** The name of the block; null at the level of a file. */
  readonly block: string | null
  readonly depth: number
}

type Word = Extract<NginxToken, { readonly is: 'word' }>
type DirectiveEnd = Extract<NginxToken, { readonly is: ';' | '{' }>

/** Up to the end of the file, or to the `}` of the block, which is left to be read. */
function readStatements(reading: Reading, cursor: Cursor, context: Context, into: NginxDirective[]): void {
  let words: Word[] = []
  while (!cursor.gaveUp) {
    const token = cursor.scanned.tokens[cursor.next]
    if (!token) return readEnd(reading, cursor, context)
    if (token.is === '}') {
      if (context.block === null) giveUp(reading, cursor, token.line, 'unexpected "}"')
      return
    }
    cursor.next += 1
    if (token.is === 'word') words.push(token)
    if (token.is === ';' || token.is === '{') {
      readStatement(reading, cursor, context, words, token, into)
      words = []
    }
  }
}

function readEnd(reading: Reading, cursor: Cursor, context: Context): void {
  const { stopped } = cursor.scanned
  if (stopped.at === 'refused') giveUp(reading, cursor, stopped.line, stopped.says)
  else if (context.block !== null) giveUp(reading, cursor, stopped.line, 'unexpected end of file, expecting "}"')
}

/** One directive with its block, or all that an include brings. */
function readStatement(
  reading: Reading,
  cursor: Cursor,
  context: Context,
  [named, ...args]: readonly Word[],
  end: DirectiveEnd,
  into: NginxDirective[],
): void {
  if (!named) return
  const name = named.value
  const unfit = misfit(name, end.is, context.grammar, context.block)
  if (unfit !== null) return giveUp(reading, cursor, end.line, unfit)
  if (name === 'include' && includesOf(context.grammar) !== 'none') {
    return readInclude(reading, cursor, context, args, end.line, into)
  }
  const start = named.span.start
  const directive = {
    name,
    args: args.map((arg) => arg.value),
    path: cursor.path,
    line: named.line,
    argSpans: args.map((arg) => arg.span),
  }
  if (end.is === ';') {
    into.push({ ...directive, span: { start, end: end.span.end }, block: null, bodySpan: null })
    return
  }
  if (context.depth === maxDepth) return giveUp(reading, cursor, end.line, tooDeep)
  const block: NginxDirective[] = []
  readStatements(reading, cursor, { grammar: grammarOf(name), block: name, depth: context.depth + 1 }, block)
  const close = cursor.scanned.tokens[cursor.next]
  if (cursor.gaveUp || !close) return
  cursor.next += 1
  const bodySpan = { start: end.span.end, end: close.span.start }
  into.push({ ...directive, span: { start, end: close.span.end }, block, bodySpan })
}

/** Without `*`, `?` or `[` in the whole path the file must exist; a pattern may match nothing. */
function readInclude(
  reading: Reading,
  cursor: Cursor,
  { grammar, depth }: Context,
  [written, ...more]: readonly Word[],
  line: number,
  into: NginxDirective[],
): void {
  if (!written || more.length > 0) {
    return giveUp(reading, cursor, line, 'invalid number of arguments in "include" directive')
  }
  const path = written.value.startsWith('/') ? written.value : reading.directory + written.value
  const paths = includesOf(grammar) === 'pattern' && /[*?[]/.test(path) ? reading.glob(path) : [path]
  const asking = { place: { path: cursor.path, line }, chain: cursor.chain, grammar, depth: depth + 1 }
  for (const found of paths) readFile(reading, found, asking, into)
}

function giveUp(reading: Reading, cursor: Cursor, line: number, says: string): void {
  cursor.gaveUp = true
  refuse(reading, { path: cursor.path, line }, says)
}

function refuse(reading: Reading, { path, line }: Place, says: string): null {
  reading.refusal ??= { says: line === null ? says : `${says} in ${path}:${line}`, path, line }
  return null
}
