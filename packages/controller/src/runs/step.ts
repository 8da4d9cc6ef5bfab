/** What comes of an event: the run moved on, or it was not waiting for it and the problem says why. */
import { problem, type Problem, type ProblemCode, type Run, type RunState } from '@fleetmend/shared'
import type { Moved } from './settle.ts'

/** Refused: nothing happens, and nothing is recorded. */
export type Step = Moved | { readonly ok: false; readonly problem: Problem }

export function isIn(run: Run, ...states: readonly RunState[]): boolean {
  return states.includes(run.state)
}

export function notReady(run: Run, why: string): Step {
  return refused(
    'run-not-ready',
    `Cannot do that to ${run.id}, which is ${run.state}: ${why}${why.includes('\n') ? '' : '.'}`,
  )
}

export function refused(code: ProblemCode, detail: string): Step {
  return { ok: false, problem: problem(code, detail) }
}
