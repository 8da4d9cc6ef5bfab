/** The process: streams, signals and the exit code around `program`. */
import { exitCodes } from '@fleetmend/shared'
import { defaultPatience } from './cli.ts'
import type { Interruption } from './interruption.ts'
import { runProgram } from './program.ts'
import { processStreams } from './streams.ts'

const streams = processStreams()
const interruption: Interruption = { says: null, end: null }

const interrupt = (): void => {
  if (interruption.end) return interruption.end()
  interruption.tidy?.()
  if (interruption.says !== null) streams.err(`\n${interruption.says}\n`)
  process.exit(exitCodes.interrupted)
}
process.on('SIGINT', interrupt).on('SIGTERM', interrupt)
// Whoever reads us has seen enough, as `head` has.
process.stdout.on('error', () => process.exit(exitCodes.internal))

const surroundings = {
  streams,
  environment: process.env,
  interruption,
  patience: defaultPatience,
  nowMs: () => Date.now(),
}
void runProgram(process.argv.slice(2), surroundings).then((code) => {
  // Whoever ended it waits for nothing more, not even for the answer to a question.
  if (code === exitCodes.interrupted || interruption.waitsForNothing) process.exit(code)
  process.exitCode = code
})
