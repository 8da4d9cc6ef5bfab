/** Attacks as rows of one table: who tries what, and the problem code that refuses it. The table is printed after the run. */
import type { ProblemCode } from '@fleetmend/shared'
import { expect, test } from 'vitest'

export interface AttackRow {
  readonly attacker: string
  /** What is tried, as the end of a sentence: `a man in the middle` … `answers with a certificate of his own`. */
  readonly attempt: string
  readonly refusedWith: ProblemCode
}

declare module 'vitest' {
  interface TaskMeta {
    attack?: AttackRow
  }
}

/** A test that passes when `tried` answers with the code; `null` means that nothing refused it. */
export function attack(row: AttackRow, tried: () => Promise<ProblemCode | null>, limitMs = 20_000): void {
  test(`${row.attacker} ${row.attempt}: ${row.refusedWith}`, { meta: { attack: row }, timeout: limitMs }, async () => {
    expect(await tried()).toBe(row.refusedWith)
  })
}

/** For attempts by the ten thousand: seconds of work, on a machine that may have much else to do. */
export const manyAttemptsMs = 90_000
