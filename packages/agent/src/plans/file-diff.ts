/** The unified diff of one file as people see it: secrets hidden on both sides, made readable as UTF-8. */
import { createTwoFilesPatch, FILE_HEADERS_ONLY } from 'diff'
import { forPeople } from '../readings/bytes.ts'
import { redact } from './redact.ts'

export type FileDiff = { readonly ok: true; readonly diff: string } | { readonly ok: false; readonly says: string }

/** `null` stands for a file that does not exist on that side. Refuses when a line that would be hidden is changed. */
export function fileDiff(path: string, before: string | null, after: string | null): FileDiff {
  const from = redact(forPeople(before ?? ''))
  const to = redact(forPeople(after ?? ''))
  if (
    !sameHiddenLines(forPeople(before ?? ''), from.hiddenLines, forPeople(after ?? ''), to.hiddenLines) &&
    before !== null
  ) {
    return { ok: false, says: `the change touches a line of ${path} that may hold a secret and would not be shown` }
  }
  const diff = createTwoFilesPatch(
    before === null ? '/dev/null' : path,
    after === null ? '/dev/null' : path,
    from.text,
    to.text,
    undefined,
    undefined,
    { context: 3, headerOptions: FILE_HEADERS_ONLY },
  )
  return { ok: true, diff }
}

function sameHiddenLines(
  before: string,
  inBefore: ReadonlySet<number>,
  after: string,
  inAfter: ReadonlySet<number>,
): boolean {
  const pick = (text: string, numbers: ReadonlySet<number>) =>
    text
      .split('\n')
      .filter((_, number) => numbers.has(number))
      .join('\n')
  return pick(before, inBefore) === pick(after, inAfter)
}
