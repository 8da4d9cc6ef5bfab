/** A problem on stderr: title, what is wrong and what to do; and the exit code that belongs to it. */
import { problemKinds, problemText, type ExitCode, type Problem } from '@fleetmend/shared'
import type { Streams } from './define.ts'

export function reportProblem(streams: Streams, problem: Problem): ExitCode {
  streams.err(problemText(problem, streams.paint))
  return problemKinds[problem.code].exit
}
