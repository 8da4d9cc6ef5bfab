/** One command as it was typed: arguments → the command → exit code. */
import { parseArgs } from 'node:util'
import { exitCodes, problem, type ExitCode } from '@fleetmend/shared/problems'
import { paintFor } from '@fleetmend/shared/views/paint'
import type { Command, CommandContext, Streams } from './commands/define.ts'
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
  const parsed = parsedWords(command, args)
  if (!parsed.ok) return usage(command, parsed.says)
  const { positionals, values } = parsed
  if (process.geteuid?.() !== 0 && !command.needsNoRoot) {
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

type Parsed =
  | ({ readonly ok: true } & Pick<CommandContext, 'positionals' | 'values'>)
  | { readonly ok: false; readonly says: string }

function parsedWords({ words, options }: Command, args: readonly string[]): Parsed {
  if (words === 'any') return { ok: true, positionals: args, values: {} }
  try {
    const { positionals, values } = parseArgs({ args: [...args], options, allowPositionals: true })
    const isFitting = positionals.length >= words.min && positionals.length <= words.max
    return isFitting ? { ok: true, positionals, values } : { ok: false, says: 'That is not the right number of words.' }
  } catch (error) {
    return { ok: false, says: error instanceof Error ? error.message : String(error) }
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
