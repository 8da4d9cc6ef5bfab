/** `fleetmend runs show RUN`: what a run would do, or what became of it. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { printRun } from '../documents.ts'
import { withRun } from '../runs/with-run.ts'
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
        withRun(cli, id, options, async (view) => {
          const { streams } = cli
          if (options.json) {
            printRun(streams, view)
            return exitCodes.done
          }
          const isToBeDecided = view.run.state === 'awaiting-approval'
          if (isToBeDecided || options.diffs) streams.out(runPlanText(view, streams.paint))
          if (!isToBeDecided) streams.out(runText(view, streams.paint))
          sayNext(streams, view.run, view.followedBy)
          return exitCodes.done
        }),
      ),
    )
}
