/** A problem on stderr for people, on stdout for programs that wait for a document; and the exit code that belongs to it. */
import type { Problem, ProblemDocument } from '@fleetmend/shared'
import { problemKinds, type ExitCode } from '@fleetmend/shared/problems'
import { problemText } from '@fleetmend/shared/views/problem-text'
import { printJson, type Streams } from './define.ts'

export function reportProblem(streams: Streams, problem: Problem): ExitCode {
  streams.err(problemText(problem, streams.paint))
  if (streams.wantsDocument) printJson(streams, { format: 'fleetmend.problem/1', problem } satisfies ProblemDocument)
  return problemKinds[problem.code].exit
}
