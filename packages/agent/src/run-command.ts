/** One command as it was typed: arguments → the command → exit code. */
import { parseArgs } from 'node:util'
import { exitCodes, problem, type ExitCode } from '@fleetmend/shared/problems'
import { paintFor } from '@fleetmend/shared/views/paint'
import type { Command, Streams } from './commands/define.ts'
import { reportProblem } from './commands/report-problem.ts'
import type { Host } from './host/host.ts'
import type { OwnState } from './own-state.ts'

export const streams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  paint: paintFor(process.stdout.isTTY, process.env),
  // Also for words that are no command.
  wantsDocument: process.argv.includes('--json'),
}

export const interrupted = (): never => process.exit(exitCodes.interrupted)

export async function runCommand(command: Command, args: readonly string[], thisHost: () => Host): Promise<ExitCode> {
  if (args.includes('--help')) {
    streams.out(`${command.summary}\n\n    fleetmend-agent ${command.usage}\n`)
    return exitCodes.done
  }
  let parsed
  try {
    parsed = parseArgs({ args: [...args], options: command.options, allowPositionals: true })
  } catch (error) {
    return usage(command, error instanceof Error ? error.message : String(error))
  }
  const { positionals, values } = parsed
  if (positionals.length < command.words.min || positionals.length > command.words.max)
    return usage(command, 'That is not the right number of words.')
  if (process.geteuid?.() !== 0 && command.name !== 'version') {
    return reportProblem(
      streams,
      problem(
        'not-root',
        `Reading other services' configuration, sockets and processes needs root.\n\n    sudo fleetmend-agent ${command.name}`,
      ),
    )
  }
  try {
    return await command.run({
      ...{ positionals, values, streams, state, untilTold },
      get host() {
        return thisHost()
      },
    })
  } catch (error) {
    return reportProblem(
      streams,
      problem(
        'internal',
        `${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n\nThis is a bug.`,
      ),
    )
  }
}

/** Most of what is found out needs none of it. */
async function state(): Promise<OwnState> {
  const { openOwnState } = await import('./own-state.ts')
  return openOwnState()
}

/** Once: told a second time, the process ends at once. */
function untilTold(): AbortSignal {
  const told = new AbortController()
  process.off('SIGINT', interrupted)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => told.abort())
  return told.signal
}

function usage(command: Command, says: string): ExitCode {
  return reportProblem(streams, problem('usage', `${says}\n\n    fleetmend-agent ${command.usage}`))
}
