/** Patterns of ssh_config(5) and known_hosts, section PATTERNS: `*`, `?`, and lists with `!` for what is left out. */

/** As a pattern of bytes: `?` is one of any, `*` any number of them. */
export function matchesPattern(text: string, pattern: string): boolean {
  let at = 0
  let read = 0
  // Where the last `*` stands, and up to where it has eaten. Going back to it alone is enough: time stays n times m.
  let star = -1
  let eaten = 0
  while (at < text.length) {
    const want = pattern[read]
    if (want === '*') {
      star = read++
      eaten = at
    } else if (want === '?' || (want !== undefined && want === text[at])) {
      at++
      read++
    } else if (star >= 0) {
      read = star + 1
      at = ++eaten
    } else return false
  }
  return /^\**$/.test(pattern.slice(read))
}

/** Of patterns between commas: one without `!` has to match, and none with it. An empty one matches only nothing. */
export function matchesPatternList(text: string, list: string): boolean {
  let isMatch = false
  for (const each of list.split(',')) {
    const isNegated = each.startsWith('!')
    if (!matchesPattern(text, isNegated ? each.slice(1) : each)) continue
    if (isNegated) return false
    isMatch = true
  }
  return isMatch
}

/** Names of hosts are the same in capitals (`match_hostname` in OpenSSH's match.c). */
export function matchesHostNames(name: string, list: string): boolean {
  return matchesPatternList(name.toLowerCase(), list.toLowerCase())
}
