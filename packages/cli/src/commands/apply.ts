/** `fleetmend apply RUN`: carries an approved run out, canary first, and tells what happens until it has ended. */
import { Command } from '@commander-js/extra-typings'
import { presentGrant } from '../approval/present-grant.ts'
import type { Cli } from '../cli.ts'
import { reportProblem } from '../report-problem.ts'
import { carryOut } from '../runs/carry-out.ts'
import { withRun } from '../runs/with-run.ts'
import { grantOption, jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function applyCommand(cli: Cli) {
  return new Command('apply')
    .description('Carries out an approved run: canary first, then the rest. Goes on if this terminal is closed.')
    .argument(...runArgument)
    .option(...grantOption)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, async ({ run }, controller) => {
          if (options.grant === undefined) return carryOut(cli, controller, run, options)
          const granted = await presentGrant(cli, controller, run.id, options.grant)
          if (!granted.ok) return reportProblem(cli.streams, granted.problem, options)
          return carryOut(cli, controller, granted.value, options)
        }),
      ),
    )
}
