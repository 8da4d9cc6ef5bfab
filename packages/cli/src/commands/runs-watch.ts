/** `fleetmend runs watch RUN`: a run's whole story, then what happens, until it has ended. Changes nothing. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { followToEnd } from '../runs/carry-out.ts'
import { withRun } from '../runs/with-run.ts'
import { jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function runsWatchCommand(cli: Cli) {
  return new Command('watch')
    .description('Tells a run’s story from its beginning, and what happens, until it has ended.')
    .argument(...runArgument)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, ({ run }, controller) => followToEnd(cli, controller, run, options)),
      ),
    )
}
