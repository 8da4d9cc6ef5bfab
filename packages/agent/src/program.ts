/** What people type: arguments → command → exit code. */
import { parseArgs } from 'node:util'
import { exitCodes, paintFor, problem, type ExitCode } from '@fleetmend/shared'
import type { Command, Streams } from './commands/define.ts'
import { commands } from './commands/registry.ts'
import { reportProblem } from './commands/report-problem.ts'
import { openOwnState, thisHost } from './this-host.ts'

const streams: Streams = {
  out: (text) => void process.stdout.write(text),
  err: (text) => void process.stderr.write(text),
  paint: paintFor(process.stdout.isTTY, process.env),
}

const interrupt = () => process.exit(exitCodes.interrupted)

export async function runProgram(name: string | undefined, args: readonly string[]): Promise<number> {
  process.on('SIGINT', interrupt)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    streams.out(overview())
    return name === undefined ? exitCodes.usage : exitCodes.done
  }
  const command = commands.find((each) => each.name === name)
  if (!command) return reportProblem(streams, problem('usage', `There is no command "${name}".\n\n${overview()}`))
  if (args.includes('--help')) {
    streams.out(`${command.summary}\n\n    fleetmend-agent ${command.usage}\n`)
    return exitCodes.done
  }
  return runCommand(command, args)
}

async function runCommand(command: Command, args: readonly string[]): Promise<ExitCode> {
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
    return await command.run({ positionals, values, streams, host: thisHost(), state: openOwnState, untilTold })
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

/** Once: told a second time, the process ends at once. */
function untilTold(): AbortSignal {
  const told = new AbortController()
  process.off('SIGINT', interrupt)
  for (const signal of ['SIGINT', 'SIGTERM']) process.once(signal, () => told.abort())
  return told.signal
}

function usage(command: Command, says: string): ExitCode {
  return reportProblem(streams, problem('usage', `${says}\n\n    fleetmend-agent ${command.usage}`))
}

function overview(): string {
  const lines = commands.map((each) => `  ${each.name.padEnd(10)} ${each.summary}\n`).join('')
  return `fleetmend-agent: finds out why this host answers 502, and mends it.\n\n${lines}\nfleetmend-agent COMMAND --help says more.\n`
}
