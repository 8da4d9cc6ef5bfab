/**
 * A host name that a regular expression of `server_name` matches, made by walking the expression once: the expression is
 * never run, so that none can hang the agent. Null where it uses more than people write in server names.
 */

export function nameMatching(pattern: string): string | null {
  if (pattern.length > maxLength) return null
  const walk: Walk = { pattern, at: 0 }
  const name = alternatives(walk)
  return walk.at === pattern.length ? name : null
}

/** Of a host name, and more than any real pattern has. */
const maxLength = 253

interface Walk {
  readonly pattern: string
  at: number
}

/** The first alternative; the others are walked over. */
function alternatives(walk: Walk): string | null {
  const first = sequence(walk)
  while (take(walk, /\|/y)) {
    if (sequence(walk) === null) return null
  }
  return first
}

function sequence(walk: Walk): string | null {
  let made = ''
  while (walk.at < walk.pattern.length && !/[|)]/.test(walk.pattern.charAt(walk.at))) {
    if (take(walk, /[\^$]/y)) continue
    const atom = oneAtom(walk)
    const times = repetitions(walk)
    if (atom === null || atom.length * times > maxLength) return null
    made += atom.repeat(times)
  }
  return made
}

function oneAtom(walk: Walk): string | null {
  if (take(walk, /\((?:\?(?:P?<\w+>|'\w+'|:))?/y)) {
    const inside = alternatives(walk)
    return take(walk, /\)/y) ? inside : null
  }
  if (take(walk, /\\d/y)) return '1'
  if (take(walk, /\.|\\[wSD]/y)) return 'a'
  const escaped = take(walk, /\\[.-]/y)
  if (escaped) return escaped.charAt(1)
  const set = take(walk, /\[(?:[^\\\]]|\\.)+\]/y)
  if (set) return memberOf(set.slice(1, -1))
  return take(walk, /[A-Za-z0-9_-]/y)?.toLowerCase() ?? null
}

/** As seldom as allowed, but `*` once: what it stands for is mostly a label, which must not be empty. */
function repetitions(walk: Walk): number {
  const quantifier = take(walk, /(?:[?*+]|\{\d+(?:,\d*)?\})\??/y)
  if (quantifier?.startsWith('{')) return Number.parseInt(quantifier.slice(1), 10)
  return quantifier?.startsWith('?') ? 0 : 1
}

/** A character of a set, or one outside a negated set. */
function memberOf(set: string): string | null {
  if (set.startsWith('^'))
    return ['a', '1', 'z'].find((char) => !set.includes(char) && !/\\[wd]|[a-z]-|\d-/i.test(set)) ?? null
  if (set.startsWith('\\d')) return '1'
  if (set.startsWith('\\w')) return 'a'
  return /^[a-z0-9]/i.exec(set)?.[0].toLowerCase() ?? null
}

function take(walk: Walk, what: RegExp): string | null {
  what.lastIndex = walk.at
  const found = what.exec(walk.pattern)
  if (!found) return null
  walk.at = what.lastIndex
  return found[0]
}
