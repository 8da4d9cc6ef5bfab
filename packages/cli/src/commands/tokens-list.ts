/** `fleetmend tokens list`: who may ask this controller for what. */
import { exitCodes } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type TokensDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { isGood, tokenListText } from '../views/token-list-text.ts'
import { jsonOption } from '../words/target.ts'

export function tokensListCommand(cli: Cli) {
  return new Command('list')
    .description('Every token that is good: whose it is, what it allows, and when it was last used.')
    .option('--all', 'Those that are revoked or expired, too.')
    .option(...jsonOption)
    .action(
      cli.action((options) =>
        withController(cli, async (controller) => {
          const listed = await controller.ask((api) => api.tokens.list.query())
          if (!listed.ok) return reportProblem(cli.streams, listed.problem, options)
          const tokens = listed.value.filter((token) => options.all || isGood(token, cli.nowMs()))
          if (options.json) printJson(cli.streams, { format: 'fleetmend.tokens/1', tokens } satisfies TokensDocument)
          else cli.streams.out(tokenListText(tokens, cli.nowMs(), cli.streams.paint))
          return exitCodes.done
        }),
      ),
    )
}
