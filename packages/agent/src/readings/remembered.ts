/**
 * A reading of whole files that is remembered by their text: configuration is read for several purposes in one look, and
 * stays the same from look to look. Files themselves are read anew each time.
 */

/** Of each reading; beyond that it forgets what it remembered first. Configuration of a host is some ten kilobytes. */
const keptCharacters = 512 * 1024

/** `read` has to be pure, and nobody may change what it returns. */
export function remembered<T>(read: (text: string) => T): (text: string) => T {
  const values = new Map<string, T>()
  let characters = 0
  return (text) => {
    const known = values.get(text)
    if (known !== undefined) return known
    const value = read(text)
    if (text.length > keptCharacters) return value
    values.set(text, value)
    characters += text.length
    for (const oldest of values.keys()) {
      if (characters <= keptCharacters) break
      values.delete(oldest)
      characters -= oldest.length
    }
    return value
  }
}
