/** A problem on stderr: title, what is wrong and what to do; and the exit code that belongs to it. */
import { problemKinds, safe, type ExitCode, type Problem } from '@fleetmend/shared'
import type { Streams } from './define.ts'

export function reportProblem(streams: Streams, { code, title, detail }: Problem): ExitCode {
  const body = safe(detail)
    .split('\n')
    .map((line) => (line === '' ? '' : `  ${line}`))
    .join('\n')
  streams.err(`${streams.paint.red(title)} (${code})\n${body}\n`)
  return problemKinds[code].exit
}
