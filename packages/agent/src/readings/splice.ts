/** Edits as replacements of spans, so that every byte outside a span is untouched by construction. */

/** Half-open span of a byte text: `start` up to but not including `end`. */
export interface Span {
  readonly start: number
  readonly end: number
}

export interface Splice extends Span {
  readonly text: string
}

export type Spliced = { readonly ok: true; readonly text: string } | { readonly ok: false; readonly says: string }

/**
 * Applies splices made against the same text. Insertions at one place follow each other in the order given, a splice
 * given twice counts once, and two that overlap are refused.
 */
export function applySplices(text: string, splices: readonly Splice[]): Spliced {
  const inOrder = splices.toSorted((a, b) => a.start - b.start || a.end - b.end)
  let done = ''
  let at = 0
  let previous: Splice | undefined
  for (const splice of inOrder) {
    if (previous && isSame(previous, splice)) continue
    if (previous && splice.start < previous.end) {
      return { ok: false, says: `two edits meet at byte ${splice.start}` }
    }
    if (splice.end < splice.start || splice.end > text.length) {
      return { ok: false, says: `an edit at byte ${splice.start} lies outside the file` }
    }
    done += text.slice(at, splice.start) + splice.text
    at = splice.end
    previous = splice
  }
  return { ok: true, text: done + text.slice(at) }
}

function isSame(a: Splice, b: Splice): boolean {
  return a.start === b.start && a.end === b.end && a.text === b.text
}
