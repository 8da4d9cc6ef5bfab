/**
 * What was changed from a list to one that came of it, without going through both: an event changes a few of thousands. It is
 * known of lists that follow each other in one line; nothing is claimed of any others, and whoever asks compares those.
 */
export interface ChangeLog<Item, Name> {
  /** `after` came of `before`, and differs from it in these at most. */
  note(before: readonly Item[], after: readonly Item[], names: readonly Name[]): void
  /** Null: nobody knows. A name may come twice. */
  between(before: readonly Item[], after: readonly Item[]): readonly Name[] | null
}

/** How much of what was changed in its line a list has behind it. */
interface Place<Name> {
  readonly line: Name[]
  readonly length: number
}

/** Then a new line begins: one comparison in so many changes. */
const longestLine = 100_000

export function changeLog<Item, Name>(): ChangeLog<Item, Name> {
  const known = new WeakMap<readonly Item[], Place<Name>>()
  return {
    note(before, after, names) {
      let from = known.get(before)
      // Something else came of it already, or of nothing before it anything is known.
      if (from === undefined || from.line.length !== from.length || from.length > longestLine) {
        from = { line: [], length: 0 }
        known.set(before, from)
      }
      for (const name of names) from.line.push(name)
      known.set(after, { line: from.line, length: from.line.length })
    },
    between(before, after) {
      if (before === after) return []
      const [from, to] = [known.get(before), known.get(after)]
      if (from === undefined || from.line !== to?.line || from.length > to.length) return null
      return from.line.slice(from.length, to.length)
    },
  }
}
