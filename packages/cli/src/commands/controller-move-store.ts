/** `fleetmend controller move-store`: all that the controller keeps, from its file into a PostgreSQL or back, while it is stopped. */
import { Command, Option } from '@commander-js/extra-typings'
import { exitCodes, problem, shellWord, systemTimers } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { printJson, type StoreMovedDocument } from '../documents.ts'
import { reportProblem } from '../report-problem.ts'
import { jsonOption } from '../words/target.ts'

export function moveStoreCommand(cli: Cli) {
  return new Command('move-store')
    .description(
      'Copies the store of a controller that is stopped from its file into an empty PostgreSQL, or back, and looks whether all of it arrived. Keys stay in the folder; what is copied stays where it was.',
    )
    .addOption(
      new Option('--to <kind>', 'Where the store is to be: in the database, or in the file of the folder.')
        .choices(['database', 'file'] as const)
        .makeOptionMandatory(),
    )
    .option('--data <folder>', 'That of the controller, with its keys.', '/var/lib/fleetmend-controller')
    .option('--database <url>', 'The PostgreSQL, e.g. postgres://fleetmend@db.example/fleetmend (FLEETMEND_DATABASE).')
    .option('--database-file <file>', 'A file with that URL, which nobody else can read: for one with a password.')
    .option(...jsonOption)
    .action(
      cli.action(async ({ to, data, database: onCommandLine, databaseFile, ...answering }) => {
        const { streams, environment } = cli
        const { databaseUrlOf, moveStore } = await import('@fleetmend/controller')
        const found = await databaseUrlOf({ onCommandLine, file: databaseFile, environment })
        if (!found.ok || found.url === undefined) {
          const says = found.ok ? 'One of the two is a PostgreSQL. Say which.' : found.says
          return reportProblem(streams, problem('usage', `${says}\n\n${plainest(to)}`), answering)
        }
        const file = { folder: data, timers: systemTimers }
        const database = { ...file, databaseUrl: found.url }
        const moved = await (to === 'database' ? moveStore(file, database) : moveStore(database, file))
        if (!moved.ok) return reportProblem(streams, moved.problem, answering)
        const { rows } = moved.value
        const document: StoreMovedDocument = { format: 'fleetmend.store-moved/1', to, ...moved.value }
        if (answering.json) printJson(streams, document)
        else
          streams.out(
            `Moved: runs ${rows.runs}, events ${rows.run_events}, hosts ${rows.hosts}, entries of the record ${rows.audit_records}. All of it is there, and both chains hold together.\n`,
          )
        streams.err(nextSteps(to, data))
        return exitCodes.done
      }),
    )
}

function plainest(to: string): string {
  return `One on this machine needs no password:\n    fleetmend controller move-store --to ${to} --database postgres:///fleetmend\nFor another one, put its URL into a file that nobody else can read, and name it with --database-file.`
}

/** Two controllers, one over each, would do the same things twice. */
function nextSteps(to: 'database' | 'file', folder: string): string {
  const once = 'What was copied is still where it was: start no controller over it any more.'
  if (to === 'file') return `${once} From now on:\n    fleetmend controller serve --data ${shellWord(folder)}\n`
  const path = shellWord(`${folder}/controller.sqlite`)
  return `${once} So that nobody does by mistake:\n    mv ${path} ${path}.moved\n\nFrom now on, with the same --database or --database-file:\n    fleetmend controller serve --data ${shellWord(folder)}\n`
}
