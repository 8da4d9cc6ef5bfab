/** From arguments to a command and its exit code; what is not a valid command gets a clear answer. */
import { exitCodes, problem, type ExitCode } from '@fleetmend/shared'
import { Command, CommanderError, type CommandUnknownOpts } from '@commander-js/extra-typings'
import { defaultSocketPath, type Cli, type Surroundings } from './cli.ts'
import { commands, hiddenCommands } from './commands/registry.ts'
import { readSignIns, signInPath } from './connection/sign-in-file.ts'
import { wayTo } from './connection/way.ts'
import { reportProblem } from './report-problem.ts'
import { withExamples } from './words/examples.ts'
import { cliVersion } from './version.ts'

/** All that can be typed, as it is parsed. `done` learns how a command exits. */
export function programOf(surroundings: Surroundings, done: (exit: ExitCode) => void): CommandUnknownOpts {
  const { streams, environment } = surroundings
  const program = new Command('fleetmend')
    .description('Finds out why web hosts answer 502, and repairs them: nginx in front of PHP-FPM under systemd.')
    .version(cliVersion)
    .option(
      '--socket <path>',
      `The controller of this machine, by its socket (FLEETMEND_SOCKET, ${defaultSocketPath}).`,
    )
    .option(
      '--controller <url>',
      'A controller over the network: wss://controller.example:8443 (FLEETMEND_CONTROLLER).',
    )
    .option('--no-pager', 'Long text goes to the terminal at once, and not through $PAGER.')
    .exitOverride()
    .showSuggestionAfterError()
    .configureOutput({
      writeOut: (text) => streams.out(text),
      writeErr: (text) => streams.err(text),
      // Said below, as every other problem.
      outputError: () => undefined,
    })
  const cli: Cli = {
    ...surroundings,
    socketPath: () => program.opts().socket ?? environment['FLEETMEND_SOCKET'] ?? defaultSocketPath,
    way: () => {
      const said = { socket: environment['FLEETMEND_SOCKET'], controller: environment['FLEETMEND_CONTROLLER'] }
      return wayTo(program.opts(), said, () => readSignIns(signInPath(environment)), defaultSocketPath)
    },
    mayPage: () => program.opts().pager,
    action:
      (work) =>
      async (...words) => {
        done(await work(...words))
      },
  }
  for (const make of commands) program.addCommand(make(cli))
  for (const make of hiddenCommands) program.addCommand(make(cli), { hidden: true })
  for (const command of program.commands) adopt(program, command)
  withExamples(program)
  return program
}

export async function runProgram(args: readonly string[], surroundings: Surroundings): Promise<ExitCode> {
  const { streams } = surroundings
  let exit: ExitCode = exitCodes.done
  const program = programOf(surroundings, (code) => (exit = code))
  const answering = {
    json: args.includes('--json') || undefined,
    jsonl: args.includes('--jsonl') || undefined,
  } as const
  try {
    await program.parseAsync(args, { from: 'user' })
    return exit
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode === 0) return exitCodes.done
      if (error.code === 'commander.help') return exitCodes.usage
      return reportProblem(streams, problem('usage', usageOf(error, args)), answering)
    }
    const says = error instanceof Error ? (error.stack ?? error.message) : String(error)
    return reportProblem(
      streams,
      problem(
        'internal',
        `This is a bug, and nothing you typed should cause it. Please report it with this text:\n\n${says}`,
      ),
      answering,
    )
  }
}

/** A command that is made apart from its parent knows nothing of how the parent speaks. */
function adopt(parent: CommandUnknownOpts, child: CommandUnknownOpts): void {
  child.copyInheritedSettings(parent)
  for (const each of child.commands) adopt(child, each)
}

function usageOf(error: CommanderError, args: readonly string[]): string {
  const says = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/s, ' ($1)')
  const words = args.filter((word) => /^[a-z]+$/.test(word)).slice(0, 1)
  const known = commands.length > 0 && words.length > 0 ? `${words.join(' ')} ` : ''
  return `${says[0]?.toUpperCase() ?? ''}${says.slice(1)}\n\nTo see what it takes:\n    fleetmend ${known}--help`
}
