/** `fleetmend runs watch RUN`: how a run stands, then what happens, until it has ended. Changes nothing. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { followToEnd } from '../runs/carry-out.ts'
import { withRun } from '../runs/with-run.ts'
import { jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function runsWatchCommand(cli: Cli) {
  return new Command('watch')
    .description(
      'Tells how a run stands and what happens from there, until it has ended. With --jsonl its whole story, from its beginning; what happened before also stands in runs show.',
    )
    .argument(...runArgument)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, ({ run }, controller) => followToEnd(cli, controller, run, options)),
      ),
    )
}
