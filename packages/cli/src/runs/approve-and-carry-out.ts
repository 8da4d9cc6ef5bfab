/** From a planned run to its end with one person at the terminal: approved by them or by a grant, begun, followed. */
import { exitCodes, type ExitCode, type RunView } from '@fleetmend/shared'
import { presentGrant } from '../approval/present-grant.ts'
import { signRun } from '../approval/sign-run.ts'
import { approving } from '../approval/signed-deeds.ts'
import type { Cli } from '../cli.ts'
import type { Controller } from '../connection/controller.ts'
import { printRun } from '../documents.ts'
import { reportProblem, type Answering } from '../report-problem.ts'
import { sayNext } from '../views/next-command.ts'
import { carryOut } from './carry-out.ts'
import { exitOfRun } from './exit-of-run.ts'

export interface ApprovingOptions extends Answering {
  readonly key?: string | undefined
  readonly grant?: string | undefined
  readonly yes?: true | undefined
}

export async function approveAndCarryOut(
  cli: Cli,
  controller: Controller,
  planned: RunView,
  options: ApprovingOptions,
): Promise<ExitCode> {
  const { streams } = cli
  const { run } = planned
  if (run.state !== 'awaiting-approval') {
    if (options.json) printRun(streams, planned)
    return exitOfRun(planned)
  }
  const { key, yes, grant } = options
  const approved =
    grant === undefined
      ? await signRun(cli, controller, planned, approving, { key, yes })
      : await presentGrant(cli, controller, run.id, grant)
  if (!approved.ok) return reportProblem(streams, approved.problem, options)
  if (approved.value.state !== 'approved') {
    const { approvals, limits } = approved.value
    streams.err(
      `${approvals.length} of ${limits.approvalsNeeded} approvals are there. When all are:\n    fleetmend apply ${run.id}\n`,
    )
    sayNext(streams, approved.value)
    return exitCodes.refused
  }
  return carryOut(cli, controller, approved.value, options)
}
