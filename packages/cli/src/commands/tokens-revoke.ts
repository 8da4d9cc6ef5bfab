/** `fleetmend tokens revoke`: from this moment on it lets nobody in, and cuts the connections that it had let in. */
import { ApiTokenId, exitCodes, problem } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type RevokedDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { jsonOption } from '../words/target.ts'

export function tokensRevokeCommand(cli: Cli) {
  return new Command('revoke')
    .description('Takes a token back, or all that a name has. Runs they began go on; see `runs list`.')
    .argument('[token]', 'Its id, as `tokens list` shows it.')
    .option('--name <name>', 'All tokens of this person or robot.')
    .option(...jsonOption)
    .action(
      cli.action((id, options) =>
        withController(cli, async (controller) => {
          const which = meant(id, options.name)
          if (which === null) return reportProblem(cli.streams, unclear, options)
          const revoked = await controller.ask((api) => api.tokens.revoke.mutate(which))
          if (!revoked.ok) return reportProblem(cli.streams, revoked.problem, options)
          const tokens = [...revoked.value]
          if (options.json) printJson(cli.streams, { format: 'fleetmend.revoked/1', tokens } satisfies RevokedDocument)
          else if (tokens.length === 0) cli.streams.out('There was nothing left to revoke: it was over already.\n')
          else for (const each of tokens) cli.streams.out(`${each.id} of ${each.name} is revoked.\n`)
          return exitCodes.done
        }),
      ),
    )
}

function meant(id: string | undefined, name: string | undefined): { id: string } | { name: string } | null {
  if (id !== undefined && name === undefined && ApiTokenId.safeParse(id).success) return { id }
  return id === undefined && name !== undefined ? { name } : null
}

const unclear = problem(
  'usage',
  'It takes the id of one token, as t-3f9a12bc, or --name for all that somebody has. To see them:\n    fleetmend tokens list',
)
