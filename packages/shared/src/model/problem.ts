/** A problem as it crosses a wire. */
import * as z from 'zod/mini'
import { problemKinds, type ProblemCode } from '../problems.ts'

export const Problem = z.strictObject({
  code: z.enum(Object.keys(problemKinds) as [ProblemCode, ...ProblemCode[]]),
  title: z.string(),
  detail: z
    .string()
    .check(z.describe('What is wrong, why it matters, what to do; a command to run stands alone on its line.')),
  retryAfterMs: z.exactOptional(z.int().check(z.nonnegative(), z.describe('Not before then will it be different.'))),
})
export type Problem = z.infer<typeof Problem>

/** Stands in for the document that was asked for, where there is none. */
export interface ProblemDocument {
  readonly format: 'fleetmend.problem/1'
  readonly problem: Problem
}
