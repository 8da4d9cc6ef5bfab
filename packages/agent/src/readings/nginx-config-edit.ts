/** Edits of nginx's configuration, each one splice: what it does not name keeps every byte. */
import type { NginxConfig, NginxDirective } from './nginx-config.ts'
import type { Splice } from './splice.ts'

/**
 * The splice, for the file `directive.path`, that replaces one argument, quoted when it must be. In a file that is
 * included in several places it changes the directive in all of them.
 */
export function setArgument(directive: NginxDirective, index: number, value: string): Splice {
  const span = directive.argSpans[index]
  if (!span) throw new Error(`${directive.name} has no argument ${index}. This is a bug.`)
  // A quoted argument may touch what follows it; `y)` and `$x{` would be read as one word.
  const touchesNext = directive.argSpans[index + 1]?.start === span.end || directive.bodySpan?.start === span.end + 1
  const written = touchesNext ? quoted(value) : argument(value)
  // Directly after a quoted argument nginx takes nothing but `)`.
  const needsBlank = directive.args[index]?.startsWith(')') === true && !written.startsWith(')')
  return { ...span, text: needsBlank ? ` ${written}` : written }
}

/** The splice that adds a directive at the end of a block, on a line of its own where the block has lines. */
export function insertDirective(
  config: NginxConfig,
  block: NginxDirective,
  name: string,
  args: readonly string[],
): { readonly path: string; readonly splice: Splice } {
  const file = config.files.find(({ path }) => path === block.path)
  if (!file || !block.bodySpan) throw new Error(`${block.name} is no block of this configuration. This is a bug.`)
  const directive = `${[name, ...args].map(argument).join(' ')};`
  const brace = block.bodySpan.end
  const line = file.text.lastIndexOf('\n', brace) + 1
  const isAlone = line > block.bodySpan.start && blanks.test(file.text.slice(line, brace))
  if (!isAlone) {
    const before = /[ \t\r\n]/.test(file.text.charAt(brace - 1)) ? '' : ' '
    return { path: file.path, splice: { start: brace, end: brace, text: `${before}${directive} ` } }
  }
  const lineEnd = file.text.charAt(line - 2) === '\r' ? '\r\n' : '\n'
  const text = `${indentation(file.text, block)}${directive}${lineEnd}`
  return { path: file.path, splice: { start: line, end: line, text } }
}

/** The splice that adds a directive directly behind another one, in its file: wherever that is read, it holds as well. */
export function insertBeside(
  config: NginxConfig,
  directive: NginxDirective,
  name: string,
  args: readonly string[],
): { readonly path: string; readonly splice: Splice } {
  const text = config.files.find(({ path }) => path === directive.path)?.text ?? ''
  const at = directive.span.end
  const indent = leadingBlanks(text, directive.span.start)
  const lineEnd = /\r?\n/.exec(text)?.[0] ?? '\n'
  const before = indent === null ? ' ' : `${lineEnd}${indent}`
  return {
    path: directive.path,
    splice: { start: at, end: at, text: `${before}${[name, ...args].map(argument).join(' ')};` },
  }
}

/** That of the block's last directive that begins a line; in a block without any, one step more than the block's own. */
function indentation(text: string, block: NginxDirective): string {
  const own = (block.block ?? []).filter(({ path }) => path === block.path)
  const last = own.map(({ span }) => leadingBlanks(text, span.start)).findLast((found) => found !== null)
  if (last !== undefined) return last
  const outer = leadingBlanks(text, block.span.start) ?? ''
  return outer + (outer.includes('\t') || /^\t/m.test(text) ? '\t' : '    ')
}

/** What stands before this place on its line; null when that is more than blanks. */
function leadingBlanks(text: string, at: number): string | null {
  const before = text.slice(text.lastIndexOf('\n', at - 1) + 1, at)
  return blanks.test(before) ? before : null
}

const blanks = /^[ \t\r]*$/

/** An argument as nginx reads it back: as it is where that is safe, else in double quotes. */
function argument(value: string): string {
  return /^(?:[^\s;{}"'#\\]|\\[^\s;{}"'#\\trn])+$/.test(value) ? value : quoted(value)
}

/** In quotes only `\"`, `\'`, `\\`, `\t`, `\r` and `\n` mean another character; the backslash of `\.` stays as it is. */
function quoted(value: string): string {
  const escaped = value
    .replaceAll(/\\(?=["'\\trn\t\r\n]|$)/g, '\\\\')
    .replaceAll('"', '\\"')
    .replaceAll(/[\t\r\n]/g, (char) => JSON.stringify(char).slice(1, -1))
  return `"${escaped}"`
}
