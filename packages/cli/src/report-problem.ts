/** A problem on stderr for people, on stdout for programs that wait for a document; and the exit code that belongs to it. */
import { problemKinds, problemText, type ExitCode, type Problem, type ProblemDocument } from '@fleetmend/shared'
import { printJson, printLine } from './documents.ts'
import type { Streams } from './streams.ts'

/** How a command was asked to answer. */
export interface Answering {
  readonly json?: true | undefined
  readonly jsonl?: true | undefined
}

export function reportProblem(streams: Streams, problem: Problem, { json, jsonl }: Answering = {}): ExitCode {
  streams.err(problemText(problem, streams.errPaint))
  const document: ProblemDocument = { format: 'fleetmend.problem/1', problem }
  if (jsonl) printLine(streams, document)
  else if (json) printJson(streams, document)
  return problemKinds[problem.code].exit
}
