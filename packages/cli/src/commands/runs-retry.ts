/** `fleetmend runs retry RUN`: plans again for what was not done. A new run, because nobody has signed its plans. */
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { startOnce } from '../connection/start-once.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem } from '../report-problem.ts'
import { leaveAtPlan } from '../runs/leave-at-plan.ts'
import { plannedRun } from '../runs/plan-run.ts'
import { readRunId } from '../words/run-id.ts'
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
        const run = readRunId(id)
        if (!run.ok) return reportProblem(cli.streams, run.problem, options)
        return withController(cli, async (controller) => {
          const started = await startOnce(cli, controller, (api, key) =>
            api.runs.retry.mutate({ key, run: run.value, by: whoAsks(cli) }),
          )
          if (!started.ok) return reportProblem(cli.streams, started.problem, options)
          const planned = await plannedRun(cli, controller, started.value, options)
          if (!planned.ok) return reportProblem(cli.streams, planned.problem, options)
          return leaveAtPlan(cli, planned.value, options)
        })
      }),
    )
}
