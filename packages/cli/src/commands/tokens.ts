/** `fleetmend tokens`: who may ask this controller over the network. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { tokensCreateCommand } from './tokens-create.ts'
import { tokensListCommand } from './tokens-list.ts'
import { tokensRevokeCommand } from './tokens-revoke.ts'

export function tokensCommand(cli: Cli) {
  return new Command('tokens')
    .description('Who may ask this controller over the network: create, list, revoke.')
    .addCommand(tokensCreateCommand(cli))
    .addCommand(tokensListCommand(cli))
    .addCommand(tokensRevokeCommand(cli))
}
