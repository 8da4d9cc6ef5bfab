/** `fleetmend runs`: what was done, what is being done, and the brakes. */
import { Command } from '@commander-js/extra-typings'
import type { Cli } from '../cli.ts'
import { runsAbortCommand, runsPauseCommand, runsPromoteCommand, runsResumeCommand } from './runs-deeds.ts'
import { runsRollbackCommand } from './runs-rollback.ts'
import { runsRetryCommand } from './runs-retry.ts'
import { runsListCommand } from './runs-list.ts'
import { runsShowCommand } from './runs-show.ts'
import { runsWatchCommand } from './runs-watch.ts'

export function runsCommand(cli: Cli) {
  return new Command('runs')
    .description('Runs over the fleet: list, show, watch, pause, resume, promote, abort, retry, rollback.')
    .addCommand(runsListCommand(cli))
    .addCommand(runsShowCommand(cli))
    .addCommand(runsWatchCommand(cli))
    .addCommand(runsPauseCommand(cli))
    .addCommand(runsResumeCommand(cli))
    .addCommand(runsPromoteCommand(cli))
    .addCommand(runsAbortCommand(cli))
    .addCommand(runsRetryCommand(cli))
    .addCommand(runsRollbackCommand(cli))
}
