/** Patterns of glob(3), as FPM and nginx use them in their includes. */

/**
 * One path component as a regular expression; a leading dot is matched only by a dot, a backslash quotes what follows. One
 * at the end has quoted the slash behind the component, which is a slash all the same.
 */
export function componentPattern(part: string): RegExp {
  if (part.length > longestPattern) return /(?!)/
  let source = part.startsWith('.') ? '' : '(?!\\.)'
  for (let i = 0; i < part.length; i++) {
    const char = part.charAt(i)
    const close = char === '[' ? part.indexOf(']', part.charAt(i + 1) === '!' ? i + 3 : i + 2) : -1
    if (char === '\\') {
      i++
      source += RegExp.escape(part.charAt(i))
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (close > 0) {
      source += setSource(part.slice(i + 1, close))
      i = close
    } else source += RegExp.escape(char)
  }
  return new RegExp(`^${source}$`)
}

/** Between the brackets. A range that runs backwards holds nothing. */
function setSource(body: string): string {
  const isNegated = /^[!^]/.test(body)
  const members = (isNegated ? body.slice(1) : body).matchAll(/(\\?.)(?:-(\\?[^]))?/gs)
  const sources = [...members].map(([, from = '', to]) => {
    const [first, last] = [from, to ?? from].map((each) => (each.length > 1 ? each.charAt(1) : each))
    if (first === undefined || last === undefined || first > last) return ''
    return `${RegExp.escape(first)}-${RegExp.escape(last)}`
  })
  return `[${isNegated ? '^' : ''}${sources.join('')}]`
}

/** A name has 255 bytes at most, each of which may be written as a set. */
const longestPattern = 8192

const MAGIC = /[*?[]/

/** The one name that a component without a pattern stands for; null: it is a pattern. */
export function literalName(part: string): string | null {
  const quoted = part.replaceAll(/\\./gs, '')
  return MAGIC.test(quoted) ? null : part.replaceAll(/\\(.?)/gs, '$1')
}
