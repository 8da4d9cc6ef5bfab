/** What came of checking an audit: what is proved, what is broken, and what it cannot tell. */
import type { ProblemCode } from '../problems.ts'

export interface Broken {
  readonly code: Extract<ProblemCode, `audit-${string}`>
  /** A sentence. Words of hosts and people may be in it. */
  readonly says: string
}

export interface Verification {
  readonly proved: readonly string[]
  readonly broken: readonly Broken[]
  readonly cannotTell: readonly string[]
}

export interface Verdicts {
  proved(says: string): void
  broken(code: Broken['code'], says: string): void
  cannotTell(says: string): void
  /** How often something was broken so far: who claims something looks whether it grew meanwhile. */
  readonly brokenCount: number
  readonly result: Verification
}

/** A file that is broken everywhere is told of so often and no more. */
const most = 50

export function openVerdicts(): Verdicts {
  const proved: string[] = []
  const broken: Broken[] = []
  const cannotTell: string[] = []
  let brokenCount = 0
  return {
    get brokenCount() {
      return brokenCount
    },
    proved: (says) => void proved.push(says),
    broken(code, says) {
      brokenCount++
      if (broken.length < most) broken.push({ code, says })
      else if (broken.length === most) broken.push({ code: 'audit-broken', says: 'And more of the same.' })
    },
    cannotTell(says) {
      if (cannotTell.length < most) cannotTell.push(says)
    },
    result: { proved, broken, cannotTell },
  }
}
