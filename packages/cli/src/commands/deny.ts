/** `fleetmend deny RUN`: says no to a run that waits for approval, and why. It ends, and nothing of it is done. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { submitDeed } from '../connection/submit-deed.ts'
import { printRun } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { withRun } from '../runs/with-run.ts'
import { jsonOption, reasonOption, runArgument } from '../words/target.ts'

export function denyCommand(cli: Cli) {
  return new Command('deny')
    .description('Says no to a run that waits for approval. It ends as denied, with your name and reason.')
    .argument(...runArgument)
    .requiredOption(...reasonOption)
    .option(...jsonOption)
    .action(
      cli.action((id, options) =>
        withRun(cli, id, options, async (view, controller) => {
          const { id: run } = view.run
          const denied = await submitDeed(cli, controller, {
            run,
            submit: (api) => api.runs.deny.mutate({ run, by: whoAsks(cli), reason: options.reason }),
            arrived: ({ state }) => state === 'denied',
          })
          if (!denied.ok) return reportProblem(cli.streams, denied.problem, options)
          if (options.json) printRun(cli.streams, { ...view, run: denied.value })
          else cli.streams.out(`${run} is denied. Nothing of it was done, and nothing will be.\n`)
          return exitCodes.done
        }),
      ),
    )
}
