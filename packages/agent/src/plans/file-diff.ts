/** The unified diff of one file as people see it: secrets hidden on both sides, made readable as UTF-8. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { forPeople } from '../readings/bytes.ts'
import { redactConfig } from '../redaction/redact-config.ts'

export type FileDiff = { readonly ok: true; readonly diff: string } | { readonly ok: false; readonly says: string }

/**
 * `null` stands for a file that does not exist on that side. Refuses when a line that would be hidden is changed, unless
 * the change may do that: then people see that it changed, and not what it says.
 */
export function fileDiff(path: string, before: string | null, after: string | null, mayChangeHidden = false): FileDiff {
  const from = shownOf(before)
  const to = shownOf(after)
  const changed = before !== null && from.hidden.join('\n') !== to.hidden.join('\n')
  if (changed && !mayChangeHidden) {
    return { ok: false, says: `the change touches a line of ${path} that may hold a secret and would not be shown` }
  }
  const diff = createTwoFilesPatch(
    before === null ? '/dev/null' : path,
    after === null ? '/dev/null' : path,
    // Each with a word of its own, or lines of which nothing else is shown would look the same.
    changed ? from.marked(to.hidden, 'changed, hidden: before') : from.text,
    changed ? to.marked(from.hidden, 'changed, hidden: after') : to.text,
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY },
  )
  return { ok: true, diff }
}

/** Of a file that is for everybody to read: what looks like a secret in it is none, as public keys are. */
export function openDiff(path: string, before: string | null, after: string | null): string {
  const names = [before === null ? '/dev/null' : path, after === null ? '/dev/null' : path] as const
  const options = { context: 3, headerOptions: FILE_HEADERS_ONLY }
  return createTwoFilesPatch(...names, forPeople(before ?? ''), forPeople(after ?? ''), undefined, undefined, options)
}

interface Shown {
  readonly text: string
  /** What really stands in the hidden lines. */
  readonly hidden: readonly string[]
  /** With a mark on every hidden line that is not among those of the other side. */
  marked(other: readonly string[], mark: string): string
}

function shownOf(bytes: string | null): Shown {
  const real = forPeople(bytes ?? '').split('\n')
  const { text, hiddenLines } = redactConfig(real.join('\n'))
  return {
    text,
    hidden: real.filter((_, number) => hiddenLines.has(number)),
    marked: (other, mark) =>
      text
        .split('\n')
        .map((line, number) =>
          hiddenLines.has(number) && !other.includes(real[number] ?? '') ? `${line} (${mark})` : line,
        )
        .join('\n'),
  }
}
