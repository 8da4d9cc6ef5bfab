/** `fleetmend audit`: what is on record, and whether it is whole. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { auditAcceptCommand } from './audit-accept.ts'
import { auditExportCommand } from './audit-export.ts'
import { auditListCommand } from './audit-list.ts'
import { auditVerifyCommand } from './audit-verify.ts'

export function auditCommand(cli: Cli) {
  return new Command('audit')
    .description('What was done, by whom, allowed by whom: list, export, verify.')
    .addCommand(auditListCommand(cli))
    .addCommand(auditExportCommand(cli))
    .addCommand(auditVerifyCommand(cli))
    .addCommand(auditAcceptCommand(cli))
}
