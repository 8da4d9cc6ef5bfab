/** A problem on stderr: title, what is wrong and what to do; and the exit code that belongs to it. */
import type { Problem } from '@fleetmend/shared'
import { problemKinds, type ExitCode } from '@fleetmend/shared/problems'
import { problemText } from '@fleetmend/shared/views/problem-text'
import type { Streams } from './define.ts'

export function reportProblem(streams: Streams, problem: Problem): ExitCode {
  streams.err(problemText(problem, streams.paint))
  return problemKinds[problem.code].exit
}
