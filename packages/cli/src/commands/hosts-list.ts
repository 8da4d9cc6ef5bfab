/** `fleetmend hosts list`: who belongs to the fleet, and who is connected. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type HostsDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { hostListText } from '../views/host-list-text.ts'
import { hostsArgument, jsonOption, selectorOption, targetOf } from '../words/target.ts'

export function hostsListCommand(cli: Cli) {
  return new Command('list')
    .description('Every host of the fleet, with its labels and whether it is connected.')
    .argument(...hostsArgument)
    .option(...selectorOption)
    .option(...jsonOption)
    .action(
      cli.action((names, options) =>
        withController(cli, async (controller) => {
          const listed = await controller.askLong((api) => api.hosts.listInParts.subscribe(targetOf(names, options)))
          if (!listed.ok) return reportProblem(cli.streams, listed.problem, options)
          const document: HostsDocument = { format: 'fleetmend.hosts/1', hosts: listed.value }
          if (options.json) printJson(cli.streams, document)
          else cli.streams.out(hostListText(listed.value, cli.streams.paint))
          return exitCodes.done
        }),
      ),
    )
}
