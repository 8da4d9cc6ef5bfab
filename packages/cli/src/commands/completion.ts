/** `fleetmend completion SHELL`: the script that makes a shell complete commands, options and live names. */
import { exitCodes } from '@fleetmend/shared'
import { Argument, Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { bashScript } from '../completion/bash-script.ts'
import { complete } from '../completion/complete.ts'
import { zshScript } from '../completion/zsh-script.ts'

const scripts = { bash: bashScript, zsh: zshScript } as const

export function completionCommand(cli: Cli) {
  return new Command('completion')
    .description('A script for your shell, which then completes commands, options, hosts, runs and what can be done.')
    .addArgument(new Argument('<shell>', 'Yours.').choices(Object.keys(scripts) as readonly (keyof typeof scripts)[]))
    .action(
      cli.action(async (shell) => {
        cli.streams.out(scripts[shell])
        return exitCodes.done
      }),
    )
}

export function completeCommand(cli: Cli) {
  return new Command('complete')
    .description(
      'What the scripts of `completion` ask: what the last word may become. A line says of what kind the answer is (names, files, folders); each further one is a name, perhaps with a tab and what it is.',
    )
    .argument('[word...]', 'All behind the program’s name, after --, the last one being typed.')
    .action(
      cli.action(async (words, _options, command) => {
        const program = command.parent
        if (program) cli.streams.out(await complete(cli, program, words))
        return exitCodes.done
      }),
    )
}
