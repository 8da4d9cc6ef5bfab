/** `fleetmend grants`: what runbooks may do without a person, signed in advance. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { grantsShowCommand, grantsVerifyCommand } from './grants-read.ts'
import { grantsSignCommand } from './grants-sign.ts'

export function grantsCommand(cli: Cli) {
  return new Command('grants')
    .description('What runbooks may do without a person, signed in advance: sign, show, verify.')
    .addCommand(grantsSignCommand(cli))
    .addCommand(grantsShowCommand(cli))
    .addCommand(grantsVerifyCommand(cli))
}
