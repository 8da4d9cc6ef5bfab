/** `fleetmend apply RUN`: carries an approved run out, canary first, and tells what happens until it has ended. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem } from '../report-problem.ts'
import { carryOut } from '../runs/carry-out.ts'
import { showRun } from '../runs/show-run.ts'
import { jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function applyCommand(cli: Cli) {
  return new Command('apply')
    .description('Carries out an approved run: canary first, then the rest. Goes on if this terminal is closed.')
    .argument(...runArgument)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action((id, options) =>
        withController(cli, async (controller) => {
          const shown = await showRun(controller, id)
          if (!shown.ok) return reportProblem(cli.streams, shown.problem, options)
          return carryOut(cli, controller, shown.value.run, options)
        }),
      ),
    )
}
