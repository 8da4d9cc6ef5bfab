/** `fleetmend runs list`: runs, newest first. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type RunsDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { runListText } from '../views/run-list-text.ts'
import { count } from '../words/numbers.ts'
import { jsonOption } from '../words/target.ts'

export function runsListCommand(cli: Cli) {
  return new Command('list')
    .description('Runs, newest first.')
    .option('--limit <count>', 'At most this many.', count(1, 1000), 20)
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const listed = await controller.askLong((api) => api.runs.listInParts.subscribe({ limit: options.limit }))
          if (!listed.ok) return reportProblem(cli.streams, listed.problem, options)
          if (options.json)
            printJson(cli.streams, { format: 'fleetmend.runs/1', runs: listed.value } satisfies RunsDocument)
          else cli.streams.out(runListText(listed.value, cli.streams.paint))
          return exitCodes.done
        }),
      ),
    )
}
