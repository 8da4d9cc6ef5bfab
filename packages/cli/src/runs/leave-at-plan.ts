/** A run that is planned and left there, for somebody to approve: shown, with what to type next. */
import type { ExitCode, RunView } from '@fleetmend/shared'
import type { Cli } from '../cli.ts'
import { printRun } from '../documents.ts'
import { showLong } from '../pager.ts'
import type { Answering } from '../report-problem.ts'
import { sayNext } from '../views/next-command.ts'
import { runPlanText } from '../views/run-plan-text.ts'
import { exitOfRun } from './exit-of-run.ts'

export async function leaveAtPlan(cli: Cli, planned: RunView, { json, jsonl }: Answering): Promise<ExitCode> {
  if (json) printRun(cli.streams, planned)
  else if (!jsonl) {
    await showLong(cli, runPlanText(planned, cli.streams.paint))
    sayNext(cli.streams, planned.run)
  }
  return exitOfRun(planned)
}
