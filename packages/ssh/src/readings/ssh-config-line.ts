/** One line of an ssh_config file: a keyword, and its arguments without their quotes (`argv_split` in OpenSSH's misc.c). */

export type ConfigLine =
  | { readonly kind: 'nothing' }
  | {
      readonly kind: 'setting'
      /** In small letters. */
      readonly keyword: string
      readonly args: readonly string[]
      /** The arguments as they stand there, which is what commands and jumps are made of. */
      readonly rest: string
    }
  | { readonly kind: 'odd'; readonly says: string }

/** Between keyword and arguments stand blanks, or one `=` with or without them. */
const LINE = /^[ \t\r]*(?:"([^"]*)"|([^ \t\r"=]+))(?:[ \t\r]*=|[ \t\r])?[ \t\r]*(.*)$/s

export function readConfigLine(content: string): ConfigLine {
  const text = withoutEnd(content)
  if (/^[ \t\r]*(?:#|$)/.test(text)) return { kind: 'nothing' }
  const [, quoted, plain, rest = ''] = LINE.exec(text) ?? []
  const keyword = (quoted ?? plain ?? '').toLowerCase()
  if (keyword === '') return { kind: 'odd', says: 'does not begin with a keyword' }
  if (rest === '') return { kind: 'odd', says: `has nothing behind ${keyword}` }
  const args = splitArguments(rest)
  return args ? { kind: 'setting', keyword, args, rest } : { kind: 'odd', says: 'has a quote that does not end' }
}

/** Not by a pattern: one for blanks at the end looks at all blanks from each of them on. */
function withoutEnd(content: string): string {
  let end = content.length
  while (end > 0 && ' \t\r\n\f'.includes(content.charAt(end - 1))) end--
  return content.slice(0, end)
}

/** Null: a quote does not end. What follows a `#` where an argument would begin is a comment. */
function splitArguments(text: string): readonly string[] | null {
  const args: string[] = []
  let at = 0
  while (at < text.length) {
    const char = text.charAt(at)
    if (char === '#') break
    if (char === ' ' || char === '\t') {
      at++
      continue
    }
    const word = readWord(text, at)
    if (word === null) return null
    args.push(word.value)
    at = word.end
  }
  return args
}

function readWord(text: string, start: number): { readonly value: string; readonly end: number } | null {
  let value = ''
  let quote = ''
  let at = start
  for (; at < text.length; at++) {
    const char = text.charAt(at)
    const next = text.charAt(at + 1)
    if (char === '\\' && next !== '' && (`'"\\`.includes(next) || (quote === '' && next === ' '))) {
      value += next
      at++
    } else if (quote === '' && (char === ' ' || char === '\t')) break
    else if (quote === '' && (char === '"' || char === "'")) quote = char
    else if (char === quote) quote = ''
    else value += char
  }
  return quote === '' ? { value, end: at } : null
}
