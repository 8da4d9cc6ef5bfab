/** `fleetmend logout`: this computer forgets a token. The token itself is good until it is revoked. */
import { exitCodes, problem } from '@fleetmend/shared'
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { readSignIns, signInOf, signInPath, withoutSignIn, writeSignIns } from '../connection/sign-in-file.ts'
import { controllerUrl } from '../connection/way.ts'
import { reportProblem } from '../report-problem.ts'

export function logoutCommand(cli: Cli) {
  return new Command('logout')
    .description('Forgets the token on this computer. To take it back everywhere: `tokens revoke`.')
    .argument('[url]', 'Of the controller; left out: the one signed in to last.')
    .action(
      cli.action(async (text) => {
        const path = signInPath(cli.environment)
        const signIns = readSignIns(path)
        if (!signIns.ok) return reportProblem(cli.streams, signIns.problem)
        const url = text === undefined ? signIns.value.default : controllerUrl(text)
        if (!url || !signInOf(signIns.value, url))
          return reportProblem(
            cli.streams,
            problem('usage', `Nothing is kept in ${path} for ${text ?? 'any controller'}.`),
          )
        writeSignIns(path, withoutSignIn(signIns.value, url))
        cli.streams.out(`This computer has no token for ${url} any more.\n`)
        return exitCodes.done
      }),
    )
}
