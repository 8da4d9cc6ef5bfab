/**
 * Regular expressions of `server_name`: a host name that one matches, and whether one matches a name. They are walked, not
 * run: the time for a name grows with its length times the expression's, so that none can hang the agent. Null where an
 * expression uses more than people write in server names.
 */

/** A name that it matches. */
export function nameMatching(pattern: string): string | null {
  const node = parse(pattern)
  return node && sample(node)
}

/** Whether it matches somewhere in a name of lower case, as nginx asks (`ngx_http_regex_exec`, caseless). */
export function matchesName(pattern: string, name: string): boolean | null {
  const node = parse(pattern)
  if (!node) return null
  const anywhere = Array.from({ length: name.length + 1 }, (_, at) => at)
  return endsOf(node, name, new Set(anywhere)).size > 0
}

/** Of a host name, and more than any real pattern has. */
const maxLength = 253

type Node =
  | { readonly is: 'character'; readonly sample: string; readonly set: RegExp }
  | { readonly is: 'start' }
  | { readonly is: 'end' }
  | { readonly is: 'sequence'; readonly of: readonly Node[] }
  | { readonly is: 'choice'; readonly of: readonly Node[] }
  | { readonly is: 'repeat'; readonly of: Node; readonly least: number; readonly most: number; readonly times: number }

/** What is made of repetitions stays a name: null where it would be longer. */
function sample(node: Node): string | null {
  switch (node.is) {
    case 'character':
      return node.sample
    case 'start':
    case 'end':
      return ''
    case 'choice':
      return node.of[0] ? sample(node.of[0]) : ''
    case 'repeat': {
      const made = sample(node.of)
      return made === null || made.length * node.times > maxLength ? null : made.repeat(node.times)
    }
    case 'sequence': {
      const parts = node.of.map(sample)
      return parts.includes(null) ? null : parts.join('')
    }
  }
}

type Places = ReadonlySet<number>

/** Where a match can end that began at one of these places. */
function endsOf(node: Node, name: string, from: Places): Places {
  switch (node.is) {
    case 'character':
      return new Set([...from].filter((at) => at < name.length && node.set.test(name.charAt(at))).map((at) => at + 1))
    case 'start':
      return new Set([...from].filter((at) => at === 0))
    case 'end':
      return new Set([...from].filter((at) => at === name.length))
    case 'sequence':
      return node.of.reduce((places, part) => endsOf(part, name, places), from)
    case 'choice':
      return new Set(node.of.flatMap((part) => [...endsOf(part, name, from)]))
    case 'repeat':
      return repeatedEnds(node, name, from)
  }
}

/** After as many rounds as the name has places, more of them reach nothing new. */
function repeatedEnds(
  { of, least, most }: Extract<Node, { readonly is: 'repeat' }>,
  name: string,
  from: Places,
): Places {
  let reached = from
  for (let round = 0; round < Math.min(least, name.length + 1); round++) reached = endsOf(of, name, reached)
  let all: Places = reached
  for (let round = least; round < Math.min(most, least + name.length + 1) && reached.size > 0; round++) {
    reached = endsOf(of, name, reached)
    all = new Set([...all, ...reached])
  }
  return all
}

interface Walk {
  readonly pattern: string
  at: number
}

function parse(pattern: string): Node | null {
  if (pattern.length > maxLength) return null
  const walk: Walk = { pattern, at: 0 }
  const node = alternatives(walk)
  return walk.at === pattern.length ? node : null
}

function alternatives(walk: Walk): Node | null {
  const choices = [sequence(walk)]
  while (take(walk, /\|/y)) choices.push(sequence(walk))
  const of = choices.filter((choice) => choice !== null)
  return of.length === choices.length ? { is: 'choice', of } : null
}

function sequence(walk: Walk): Node | null {
  const of: Node[] = []
  while (walk.at < walk.pattern.length && !/[|)]/.test(walk.pattern.charAt(walk.at))) {
    const anchor = take(walk, /[\^$]/y)
    if (anchor) {
      of.push({ is: anchor === '^' ? 'start' : 'end' })
      continue
    }
    const atom = oneAtom(walk)
    if (atom === null) return null
    of.push(repeated(walk, atom))
  }
  return { is: 'sequence', of }
}

function oneAtom(walk: Walk): Node | null {
  if (take(walk, /\((?:\?(?:P?<\w+>|'\w+'|:))?/y)) {
    const inside = alternatives(walk)
    return take(walk, /\)/y) ? inside : null
  }
  if (take(walk, /\\d/y)) return { is: 'character', sample: '1', set: /\d/ }
  if (take(walk, /\\w/y)) return { is: 'character', sample: 'a', set: /\w/ }
  const wide = take(walk, /\.|\\[SD]/y)
  if (wide) return { is: 'character', sample: 'a', set: wide === '\\D' ? /\D/ : /\S/ }
  const set = take(walk, /\[(?:[^\\\]]|\\.)+\]/y)
  if (set) return setOf(set)
  const plain = take(walk, /\\[.-]|[A-Za-z0-9_-]/y)
    ?.replace('\\', '')
    .toLowerCase()
  return plain === undefined ? null : { is: 'character', sample: plain, set: new RegExp(RegExp.escape(plain)) }
}

/** As seldom as allowed, but `*` once: what it stands for is mostly a label, which must not be empty. */
function repeated(walk: Walk, of: Node): Node {
  const quantifier = take(walk, /(?:[?*+]|\{\d+(?:,\d*)?\})\??/y)
  if (quantifier === null) return of
  const [, least, comma, most] = /^\{(\d+)(?:(,)(\d*))?\}/.exec(quantifier) ?? []
  if (least !== undefined) {
    const number = Number(least)
    const upTo = comma === undefined ? number : most === '' ? Infinity : Number(most)
    return { is: 'repeat', of, least: number, most: upTo, times: number }
  }
  if (quantifier.startsWith('?')) return { is: 'repeat', of, least: 0, most: 1, times: 0 }
  return { is: 'repeat', of, least: quantifier.startsWith('+') ? 1 : 0, most: Infinity, times: 1 }
}

/** A set of characters, by one that is in it; null for sets of more than letters, digits, `.`, `_`, `-` and classes. */
function setOf(written: string): Node | null {
  const isPlain = /^\[\^?(?:[\w.-]|\\[dw.-])+\]$/.test(written) && !/\\[dw]-|[^\\[^]-\\[dw]/.test(written)
  if (!isPlain || !isOrdered(written)) return null
  const set = new RegExp(written, 'i')
  const inside = Array.from(written.slice(1, -1).toLowerCase())
  const member = ['a', '1', 'z', ...inside]
  const found = member.find((char) => /[a-z0-9]/.test(char) && set.test(char))
  return found === undefined ? null : { is: 'character', sample: found, set }
}

/** PCRE and JavaScript alike refuse a range that runs backwards. */
function isOrdered(written: string): boolean {
  return [...written.matchAll(/(\w)-(\w)/g)].every(([, from = '', to = '']) => from <= to)
}

function take(walk: Walk, what: RegExp): string | null {
  what.lastIndex = walk.at
  const found = what.exec(walk.pattern)
  if (!found) return null
  walk.at = what.lastIndex
  return found[0]
}
