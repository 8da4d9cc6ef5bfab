/** What people type: a name → its command, or what there is. */
import { exitCodes, problem } from '@fleetmend/shared/problems'
import { commands } from './commands/registry.ts'
import { reportProblem } from './commands/report-problem.ts'
import { interrupted, runCommand, streams } from './run-command.ts'
import { thisHost } from './this-host.ts'

export async function runProgram(name: string | undefined, args: readonly string[]): Promise<number> {
  process.on('SIGINT', interrupted)
  if (name === undefined || name === '--help' || name === '-h' || name === 'help') {
    streams.out(await overview())
    return name === undefined ? exitCodes.usage : exitCodes.done
  }
  const load = Object.hasOwn(commands, name) ? commands[name] : undefined
  if (!load) return reportProblem(streams, problem('usage', `There is no command "${name}".\n\n${await overview()}`))
  const command = await load(args)
  return runCommand(command, args, thisHost)
}

async function overview(): Promise<string> {
  const all = await Promise.all(Object.values(commands).map((load) => load([])))
  const lines = all.map((each) => `  ${each.name.padEnd(10)} ${each.summary}\n`).join('')
  return `fleetmend-agent: finds out why this host answers 502, and mends it.\n\n${lines}\nfleetmend-agent COMMAND --help says more.\n`
}
