/** The order in which files of tests are begun: what takes longest first, so that nothing long is left alone at the end. */
import { basename } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Stories on real hosts take minutes; everything else is short beside them. */
const longest = ['faults.test.ts', 'apply.test.ts', 'ways.test.ts', 'reload.test.ts', 'crash.test.ts', 'demo.test.ts']

export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    // oxlint-disable-next-line unicorn/no-array-sort -- vitest's own, not that of an array
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => rank(a) - rank(b))
  }
}

function rank({ moduleId }: TestSpecification): number {
  const place = longest.indexOf(basename(moduleId))
  return place < 0 ? longest.length : place
}
