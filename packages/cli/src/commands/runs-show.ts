/** `fleetmend runs show RUN`: what a run would do, or what became of it. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printRun } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { showRun } from '../runs/show-run.ts'
import { sayNext } from '../views/next-command.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { runText } from '../views/run-text.ts'
import { jsonOption, runArgument } from '../words/target.ts'

export function runsShowCommand(cli: Cli) {
  return new Command('show')
    .description('What a run would do, while it waits; afterwards, what became of each host.')
    .argument(...runArgument)
    .option('--diffs', 'Its diffs too, when it is over.')
    .option(...jsonOption)
    .action(
      cli.action((id, options) =>
        withController(cli, async (controller) => {
          const { streams } = cli
          const shown = await showRun(controller, id)
          if (!shown.ok) return reportProblem(streams, shown.problem, options)
          const isToBeDecided = shown.value.run.state === 'awaiting-approval'
          if (options.json) printRun(streams, shown.value)
          else if (isToBeDecided || options.diffs) streams.out(runPlanText(shown.value, streams.paint))
          if (!options.json && !isToBeDecided) streams.out(runText(shown.value, streams.paint))
          if (!options.json) sayNext(streams, shown.value.run)
          return exitCodes.done
        }),
      ),
    )
}
