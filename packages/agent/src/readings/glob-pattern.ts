/** Patterns of glob(3), as FPM and nginx use them in their includes. */

/** One path component as a regular expression; a leading dot is matched only by a dot, a backslash quotes what follows. */
export function componentPattern(part: string): RegExp {
  let source = part.startsWith('.') ? '' : '(?!\\.)'
  for (let i = 0; i < part.length; i++) {
    const char = part.charAt(i)
    const close = char === '[' ? part.indexOf(']', part.charAt(i + 1) === '!' ? i + 3 : i + 2) : -1
    if (char === '\\' && i + 1 < part.length) {
      i++
      source += RegExp.escape(part.charAt(i))
    } else if (char === '*') source += '[^/]*'
    else if (char === '?') source += '[^/]'
    else if (close > 0) {
      const body = part
        .slice(i + 1, close)
        .replaceAll(/\\(.?)|\[/gs, (all, quoted: string | undefined) => RegExp.escape(quoted || all))
      source += body.startsWith('!') ? `[^${body.slice(1)}]` : `[${body}]`
      i = close
    } else source += RegExp.escape(char)
  }
  return new RegExp(`^${source}$`)
}

const MAGIC = /[*?[]/

/** The one name that a component without a pattern stands for; null: it is a pattern. */
export function literalName(part: string): string | null {
  const quoted = part.replaceAll(/\\./gs, '')
  return MAGIC.test(quoted) ? null : part.replaceAll(/\\(.)/gs, '$1')
}
