/** `fleetmend hosts remove`: a host is no longer of the fleet; its certificate lets it in no more. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type RemovedDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { jsonOption } from '../words/target.ts'

export function hostsRemoveCommand(cli: Cli) {
  return new Command('remove')
    .description('Takes a host out of the fleet. Nothing on the host is changed.')
    .argument('<host>', 'Its name, as `hosts list` shows it.')
    .option(...jsonOption)
    .action(
      cli.action((host, options) =>
        withController(cli, async (controller) => {
          const removed = await controller.ask((api) => api.hosts.remove.mutate({ host, by: whoAsks(cli) }))
          if (!removed.ok) return reportProblem(cli.streams, removed.problem, options)
          if (options.json) printJson(cli.streams, { format: 'fleetmend.removed/1', host } satisfies RemovedDocument)
          else cli.streams.out(`${host} is no longer of this fleet. On the host itself nothing was changed.\n`)
          return exitCodes.done
        }),
      ),
    )
}
