/** `fleetmend controller renew-ca`: replaces the fleet's certificate authority while the fleet goes on working. */
import { exitCodes, type FleetAuthority } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import { whoAsks, type Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type AuthorityDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { authorityText } from '../views/authority-text.ts'
import { jsonOption } from '../words/target.ts'

export function renewCaCommand(cli: Cli) {
  return new Command('renew-ca')
    .description(
      'Makes the next certificate authority of the fleet, or says how far it is. Hosts hear of it as they renew their certificates; when all trust it, the one before is dropped by itself.',
    )
    .option('--finish', 'Drop the one before now. Join tokens that were made before are then no longer good.')
    .option('--leave-behind', 'With --finish: although some hosts do not trust the next one yet, and must enrol again.')
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const { finish = false, leaveBehind = false, json } = options
          const by = whoAsks(cli)
          const answered = await controller.ask((api): Promise<FleetAuthority> =>
            finish ? api.authority.finish.mutate({ by, leaveBehind }) : api.authority.renew.mutate({ by }),
          )
          if (!answered.ok) return reportProblem(cli.streams, answered.problem, options)
          const document: AuthorityDocument = { format: 'fleetmend.authority/1', ...answered.value }
          if (json) printJson(cli.streams, document)
          else cli.streams.out(authorityText(answered.value))
          return exitCodes.done
        }),
      ),
    )
}
