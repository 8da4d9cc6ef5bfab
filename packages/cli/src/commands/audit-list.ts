/** `fleetmend audit list`: the record in words, oldest first. */
import { exitCodes } from '@fleetmend/shared'
import { Command, InvalidArgumentError } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { withController } from '../connection/with-controller.ts'
import { printJson, type AuditDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { auditListText } from '../views/audit-text.ts'
import { auditHostOption, auditRunOption, sinceOption } from '../words/audit-options.ts'
import { jsonOption } from '../words/target.ts'

const shown = 200
const most = 5000

export function auditListCommand(cli: Cli) {
  return new Command('list')
    .description('What the controller and the hosts put on record, in the order of time.')
    .option(...auditHostOption)
    .option(...auditRunOption)
    .option(...sinceOption)
    .option('--by <person>', 'Only what this person did or asked for.')
    .option('--limit <number>', `The newest of it, up to ${most}.`, limit, shown)
    .option(...jsonOption)
    .action(
      cli.action(({ json, ...filter }) =>
        withController(cli, async (controller) => {
          const listed = await controller.ask((api) => api.audit.list.query(filter))
          if (!listed.ok) return reportProblem(cli.streams, listed.problem, { json })
          const lines = [...listed.value]
          if (json) printJson(cli.streams, { format: 'fleetmend.audit-list/1', lines } satisfies AuditDocument)
          else cli.streams.out(auditListText(lines, cli.streams.paint))
          if (!json && lines.length === filter.limit)
            cli.streams.err(`These are the newest ${filter.limit}. For more: --limit ${most}, or --since.\n`)
          return exitCodes.done
        }),
      ),
    )
}

function limit(text: string): number {
  const number = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (number >= 1 && number <= most) return number
  throw new InvalidArgumentError(`It takes a number from 1 to ${most}.`)
}
