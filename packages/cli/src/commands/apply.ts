/** `fleetmend apply RUN`: carries an approved run out, canary first, and tells what happens until it has ended. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { carryOut } from '../runs/carry-out.ts'
import { withRun } from '../runs/with-run.ts'
import { jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function applyCommand(cli: Cli) {
  return new Command('apply')
    .description('Carries out an approved run: canary first, then the rest. Goes on if this terminal is closed.')
    .argument(...runArgument)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, ({ run }, controller) => carryOut(cli, controller, run, options)),
      ),
    )
}
