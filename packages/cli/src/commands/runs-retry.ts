/** `fleetmend runs retry RUN`: plans again for what was not done. A new run, because nobody has signed its plans. */
import { Command } from '@commander-js/extra-typings'
import { RunId, problem } from '@fleetmend/shared'
import { whoAsks, type Cli } from '../cli.ts'
import { startOnce } from '../connection/start-once.ts'
import { withController } from '../connection/with-controller.ts'
import { printRun } from '../documents.ts'
import { showLong } from '../pager.ts'
import { reportProblem } from '../report-problem.ts'
import { exitOfRun } from '../runs/exit-of-run.ts'
import { plannedRun } from '../runs/plan-run.ts'
import { sayNext } from '../views/next-command.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { jsonlOption, jsonOption, runArgument } from '../words/target.ts'

export function runsRetryCommand(cli: Cli) {
  return new Command('retry')
    .description(
      'Plans again for the hosts of a run that failed, were stale, away or left alone: a new run to be approved.',
    )
    .argument(...runArgument)
    .option(...jsonOption)
    .option(...jsonlOption)
    .action(
      cli.action(async (id, options) => {
        const run = RunId.safeParse(id)
        if (!run.success)
          return reportProblem(
            cli.streams,
            problem(
              'unknown-run',
              `${JSON.stringify(id.slice(0, 80))} is not the id of a run. To see those there are:\n    fleetmend runs list`,
            ),
            options,
          )
        return withController(cli, async (controller) => {
          const started = await startOnce(cli, controller, (api, key) =>
            api.runs.retry.mutate({ key, run: run.data, by: whoAsks(cli) }),
          )
          if (!started.ok) return reportProblem(cli.streams, started.problem, options)
          const planned = await plannedRun(cli, controller, started.value, options)
          if (!planned.ok) return reportProblem(cli.streams, planned.problem, options)
          if (options.json) printRun(cli.streams, planned.value)
          else if (!options.jsonl) {
            await showLong(cli, runPlanText(planned.value, cli.streams.paint))
            sayNext(cli.streams, planned.value.run)
          }
          return exitOfRun(planned.value)
        })
      }),
    )
}
