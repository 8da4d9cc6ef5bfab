/** For tests: what had become of the sample host's configuration since it was kept. */
import type { DifferingFile, LastGoodFacts } from './last-good-facts.ts'
import { sampleNowMs, samplePoolFile, samplePoolText } from './sample-facts.ts'

/** One line of the pool file, edited ten minutes ago. */
export function sampleDiffering(changes: Partial<DifferingFile> = {}): DifferingFile {
  return {
    path: samplePoolFile,
    good: samplePoolText,
    now: samplePoolText.replace('pm.max_children', 'pm.max_childrn'),
    was: { leadsTo: null, mode: 0o644, uid: 0, gid: 0 },
    leadsTo: null,
    changedAtMs: sampleNowMs - 600_000,
    ...changes,
  }
}

export function sampleLastGood(changes: Partial<LastGoodFacts> = {}): LastGoodFacts {
  return { loadedAtMs: sampleNowMs - 3_600_000, isRunning: false, differing: [sampleDiffering()], ...changes }
}
