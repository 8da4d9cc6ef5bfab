/** `fleetmend audit accept HOST`: an alarm about a host's record was looked at; the record is taken as it is now. */
import { exitCodes, safeLine } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { reportProblem } from '../report-problem.ts'
import { reasonOption } from '../words/target.ts'

export function auditAcceptCommand(cli: Cli) {
  const [reason, says] = reasonOption
  return new Command('accept')
    .description(
      'Ends an alarm about the record of a host, e.g. when its disk was brought back from a copy. It stays on record.',
    )
    .argument('<host>', 'Its name, as `hosts list` shows it.')
    .requiredOption(reason, says)
    .action(
      cli.action((host, options) =>
        withController(cli, async (controller) => {
          const asked = { host, by: whoAsks(cli), reason: options.reason }
          const accepted = await controller.ask((api) => api.audit.accept.mutate(asked))
          if (!accepted.ok) return reportProblem(cli.streams, accepted.problem)
          cli.streams.out(`The record of ${safeLine(host)} is taken as it is now. That this was done is on record.\n`)
          return exitCodes.done
        }),
      ),
    )
}
