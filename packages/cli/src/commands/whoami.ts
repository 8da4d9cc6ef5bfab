/** `fleetmend whoami`: who the controller takes you for, and what that allows. */
import { exitCodes, safeLine, type Whoami } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import type { Way } from '../connection/way.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type WhoamiDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { roleText } from '../views/token-list-text.ts'
import { jsonOption } from '../words/target.ts'

export function whoamiCommand(cli: Cli) {
  return new Command('whoami')
    .description('Who the controller takes you for, and what that allows.')
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const asked = await controller.ask((api) => api.whoami.query())
          if (!asked.ok) return reportProblem(cli.streams, asked.problem, options)
          if (options.json)
            printJson(cli.streams, { format: 'fleetmend.whoami/1', ...asked.value } satisfies WhoamiDocument)
          else {
            const way = cli.way()
            cli.streams.out(`${whoamiText(asked.value)}${way.ok ? `, at ${whereText(way.value)}` : ''}\n`)
          }
          return exitCodes.done
        }),
      ),
    )
}

export function whoamiText({ name, selector, expiresAt, token, ...powers }: Whoami): string {
  const hosts = selector === null ? 'the whole fleet' : `hosts with ${selector}`
  const until = token === null ? '' : expiresAt === null ? ', for ever' : `, until ${expiresAt}`
  return safeLine(`${name ?? 'The owner of the socket'}: ${roleText(powers)}, ${hosts}${until}`)
}

function whereText(way: Way): string {
  return safeLine(way.by === 'socket' ? way.path : way.url)
}
