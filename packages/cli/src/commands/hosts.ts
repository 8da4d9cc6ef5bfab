/** `fleetmend hosts`: the fleet's members. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { hostsAddCommand } from './hosts-add.ts'
import { hostsInviteCommand } from './hosts-invite.ts'
import { hostsListCommand } from './hosts-list.ts'
import { hostsRemoveCommand } from './hosts-remove.ts'

export function hostsCommand(cli: Cli) {
  return new Command('hosts')
    .description('The hosts of the fleet: list, invite, add, remove.')
    .addCommand(hostsListCommand(cli))
    .addCommand(hostsInviteCommand(cli))
    .addCommand(hostsAddCommand(cli))
    .addCommand(hostsRemoveCommand(cli))
}
