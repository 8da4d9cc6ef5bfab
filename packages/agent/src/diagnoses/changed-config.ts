/** The change that broke a configuration, as evidence of findings: what the files say now beside what was loaded last. */
import type { Evidence, SuggestedRemediation } from '@fleetmend/shared'
import { changeSays, differingFiles } from '../judgement/config-change.ts'
import { instantOf } from '../judgement/instant.ts'
import { fileDiff } from '../plans/file-diff.ts'
import { forPeople } from '../readings/bytes.ts'
import type { DifferingFile, LastGoodFacts } from '../survey/last-good-facts.ts'

export interface ChangedConfig {
  /** Goes on a sentence: "; since it was loaded at …, www.conf changed at …". Empty where nothing is known. */
  readonly says: string
  readonly evidence: readonly Evidence[]
  readonly remediations: SuggestedRemediation[]
}

const shownFiles = 3

/** `complaint` is what the program says of its files. */
export function changedConfig(service: string, lastGood: LastGoodFacts | null, complaint = ''): ChangedConfig {
  const clause = changeSays(lastGood, complaint)
  if (lastGood === null || clause === null) return { says: '', evidence: [], remediations: [] }
  const files = differingFiles(lastGood, complaint)
  const rest = files.length - shownFiles
  return {
    says: `; ${clause}`,
    evidence: [
      ...files.slice(0, shownFiles).map((file) => differenceOf(file, lastGood)),
      ...(rest > 0 ? [{ source: 'what was loaded last', says: `${rest} more files are not as they were` }] : []),
    ],
    remediations: [{ id: 'restore-config', input: { service } }],
  }
}

function differenceOf(file: DifferingFile, { loadedAtMs }: LastGoodFacts): Evidence {
  const { path, good, now, changedAtMs } = file
  const loaded = instantOf(loadedAtMs)
  const says =
    now === null
      ? `gone; it was there when it was loaded at ${loaded}`
      : good === null
        ? `was not there when the rest was loaded at ${loaded}`
        : `not as it was loaded at ${loaded}`
  // Whoever may change hidden lines is refused nothing.
  const difference = fileDiff(path, good, now, true)
  return {
    source: forPeople(path),
    says,
    ...(changedAtMs === null ? {} : { at: instantOf(changedAtMs) }),
    ...(difference.ok ? { diff: shortened(difference.diff) } : {}),
  }
}

const shownLines = 40

function shortened(diff: string): string {
  const lines = diff.trimEnd().split('\n')
  const rest = lines.length - shownLines
  return rest <= 0 ? diff : `${lines.slice(0, shownLines).join('\n')}\n… ${rest} more lines\n`
}
