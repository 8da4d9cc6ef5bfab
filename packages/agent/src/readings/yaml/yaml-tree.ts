/** YAML and JSON as trees of values that know their lines: several documents in a file, aliases and merge keys resolved. */
import { isAlias, isMap, isScalar, isSeq, LineCounter, parseAllDocuments, type Document, type Node } from 'yaml'

export type Tree = TreeMap | TreeList | TreeScalar

interface TreeMap {
  readonly kind: 'map'
  readonly line: number
  readonly entries: ReadonlyMap<string, Tree>
}

interface TreeList {
  readonly kind: 'list'
  readonly line: number
  readonly items: readonly Tree[]
}

interface TreeScalar {
  readonly kind: 'scalar'
  readonly line: number
  readonly value: unknown
  /** Of a literal block (`|`): the line of its first line of text. Null where lines of the text are not lines of the file. */
  readonly textLine: number | null
}

export type TreeReading =
  | { readonly ok: true; readonly value: readonly Tree[] }
  | { readonly ok: false; readonly line: number; readonly says: string }

/** Anything that is not a document of plain values is answered with the first line that is wrong. */
export function readTrees(text: string): TreeReading {
  const counter = new LineCounter()
  try {
    // The library compares every key with every other; `entriesIn` finds duplicates in one pass.
    const documents = parseAllDocuments(text, { lineCounter: counter, uniqueKeys: false, logLevel: 'silent' })
    if (!Array.isArray(documents)) return { ok: true, value: [] }
    const trees: Tree[] = []
    for (const document of documents) {
      const [error] = document.errors
      if (error) return { ok: false, line: counter.linePos(error.pos[0]).line, says: inPlainWords(error.message, text) }
      const reading: Reading = { document, counter, text, done: new Map(), open: new Set(), refusal: null }
      trees.push(treeOf(reading, document.contents))
      if (reading.refusal) return { ok: false, ...reading.refusal }
    }
    return { ok: true, value: trees.filter((tree) => tree.kind !== 'scalar' || tree.value !== null) }
  } catch (error) {
    if (error instanceof RangeError) return { ok: false, line: 1, says: 'it is nested too deep to be read' }
    throw error
  }
}

function inPlainWords(message: string, text: string): string {
  const says = (message.split('\n')[0] ?? '').replace(/ at line \d+, column \d+:?$/, '')
  return /\{\{.*\}\}/.test(text) ? `${says}; it looks like a template: render it first (\`helm template\`)` : says
}

interface Reading {
  readonly document: Document
  readonly counter: LineCounter
  readonly text: string
  /** Each node once, however many aliases lead to it: a bomb of aliases stays as small as it is written. */
  readonly done: Map<Node, Tree>
  readonly open: Set<Node>
  refusal: { readonly line: number; readonly says: string } | null
}

const nothing: Tree = { kind: 'scalar', line: 1, value: null, textLine: null }

function treeOf(reading: Reading, node: unknown): Tree {
  if (!isAlias(node) && !isMap(node) && !isSeq(node) && !isScalar(node)) return nothing
  const known = reading.done.get(node)
  if (known) return known
  if (reading.open.has(node)) return refuse(reading, node, 'an alias leads to what it is part of')
  reading.open.add(node)
  const tree = converted(reading, node)
  reading.open.delete(node)
  reading.done.set(node, tree)
  return tree
}

function converted(reading: Reading, node: Node): Tree {
  const line = lineOf(reading, node)
  if (isAlias(node)) {
    const target = node.resolve(reading.document)
    return target ? treeOf(reading, target) : refuse(reading, node, `there is no anchor &${node.source}`)
  }
  if (isSeq(node)) return { kind: 'list', line, items: node.items.map((item) => treeOf(reading, item)) }
  if (isMap(node)) return { kind: 'map', line, entries: entriesIn(reading, node.items) }
  if (!isScalar(node)) return nothing
  return {
    kind: 'scalar',
    line,
    value: node.value,
    textLine: node.type === 'BLOCK_LITERAL' ? textLine(reading, node) : null,
  }
}

type Pairs = readonly { readonly key: unknown; readonly value: unknown }[]

/** What a merge key (`<<`) brings in gives way to what is written. */
function entriesIn(reading: Reading, pairs: Pairs): ReadonlyMap<string, Tree> {
  const own = new Map<string, Tree>()
  const merged: Tree[] = []
  for (const { key, value } of pairs) {
    const name = isScalar(key) ? String(key.value) : ''
    const tree = treeOf(reading, value)
    if (name === '<<') merged.push(tree)
    else if (own.has(name)) refuse(reading, key, `the key ${name} stands there twice`)
    // People look for a value at the line of its key; what a block holds begins on the next one.
    else own.set(name, isAlias(value) ? tree : { ...tree, line: lineOf(reading, key) })
  }
  const maps = merged.flatMap((tree) => (tree.kind === 'list' ? tree.items : [tree]))
  for (const [name, tree] of maps.flatMap((map) => entriesOf(map))) if (!own.has(name)) own.set(name, tree)
  return own
}

function refuse(reading: Reading, node: unknown, says: string): Tree {
  reading.refusal ??= { line: lineOf(reading, node), says }
  return nothing
}

function lineOf({ counter }: Reading, node: unknown): number {
  const start = (isScalar(node) || isMap(node) || isSeq(node) || isAlias(node)) && node.range?.[0]
  return typeof start === 'number' ? counter.linePos(start).line : 1
}

/** A literal block's range begins at its `|`. */
function textLine({ counter, text }: Reading, node: Node): number | null {
  const start = node.range?.[0]
  const end = start === undefined ? -1 : text.indexOf('\n', start)
  return end === -1 ? null : counter.linePos(end).line + 1
}

/** What stands under these keys; undefined where one of them is not there. */
export function under(tree: Tree | undefined, ...keys: readonly string[]): Tree | undefined {
  return keys.reduce<Tree | undefined>((at, key) => (at?.kind === 'map' ? at.entries.get(key) : undefined), tree)
}

export function itemsOf(tree: Tree | undefined): readonly Tree[] {
  return tree?.kind === 'list' ? tree.items : []
}

export function entriesOf(tree: Tree | undefined): readonly (readonly [string, Tree])[] {
  return tree?.kind === 'map' ? [...tree.entries] : []
}

/** Numbers and booleans as they are printed; null for what is no scalar. */
export function textOf(tree: Tree | undefined): string | null {
  const value = tree?.kind === 'scalar' ? tree.value : null
  return typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean' ? String(value) : null
}

/** A whole number, also where it is written in quotes. */
export function wholeOf(tree: Tree | undefined): number | null {
  const text = textOf(tree)
  return text !== null && /^\d{1,9}$/.test(text) ? Number(text) : null
}
