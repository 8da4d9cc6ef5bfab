/** `fleetmend hosts invite`: a join token that lets one host into the fleet, once. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type InvitationDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { labels } from '../words/labels.ts'
import { count } from '../words/numbers.ts'
import { jsonOption } from '../words/target.ts'

const weekMinutes = 7 * 24 * 60

export function hostsInviteCommand(cli: Cli) {
  return new Command('invite')
    .description('A join token: it lets one host in, once. Give it to `fleetmend-agent enrol -` on that host.')
    .option('--host <name>', 'Only a host of this name may use it.')
    .option('--label <key=value>', 'A label that the host gets; may be repeated.', labels, {})
    .option('--minutes <count>', 'How long it is good.', count(1, weekMinutes), 60)
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const { host = null, label, minutes, json } = options
          const request = { by: whoAsks(cli), labels: label, host, lifeMs: minutes * 60_000 }
          const invited = await controller.ask((api) => api.hosts.invite.mutate(request))
          if (!invited.ok) return reportProblem(cli.streams, invited.problem, options)
          const { token, expiresAt } = invited.value
          const document: InvitationDocument = { format: 'fleetmend.invitation/1', token, expiresAt }
          if (json) printJson(cli.streams, document)
          else {
            cli.streams.out(`${token}\n`)
            const named = host === null ? '' : ` --host ${host}`
            cli.streams.err(
              `It lets one host in, until ${expiresAt}. On that host, with the token on standard input:\n    fleetmend-agent enrol${named} -\n`,
            )
          }
          return exitCodes.done
        }),
      ),
    )
}
